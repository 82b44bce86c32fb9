/* whittle export: an image as a machine without `whittle run` takes it: the ELF, or a disk that starts it by GRUB, on BIOS and UEFI.
 *
 * What GRUB's own grub-mkrescue makes is a CD and a hard disk at once: an ISO 9660 file system with the kernel, a master boot record
 * with GRUB for BIOS, and an EFI system partition with GRUB for UEFI. Other formats of disks are made of that by qemu-img.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tools/elf/kernel_file.h"
#include "verbs.h"

static const struct export_format {
	const char *name;
	const char *qemu_img; /* its name for it; NULL: not a disk of GRUB's */
	bool grub;
} formats[] = {
	{ "elf", NULL, false },   { "iso", NULL, true },     { "raw", "raw", true }, { "qcow2", "qcow2", true },
	{ "vmdk", "vmdk", true }, { "vdi", "vdi", true },    { "vhd", "vpc", true },
};

struct options {
	const char *image, *output;
	const struct export_format *format;
};

static const struct export_format *format_of(const char *name)
{
	struct strings names = { 0 };
	struct buf all = { 0 };

	for (size_t i = 0; i < COUNT(formats); i++) {
		if (!strcmp(formats[i].name, name))
			return &formats[i];
		strings_add(&names, formats[i].name);
		buf_printf(&all, "%s%s", i ? ", " : "", formats[i].name);
	}
	fail("there is no format %s%s; there are %s", name, nearest(name, &names), all.data);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case 'o':
		options->output = arg;
		return 0;
	case ARGP_KEY_ARG:
		if (options->format)
			fail("whittle export takes an image and a format, but was given %s too", arg);
		if (options->image)
			options->format = format_of(arg);
		else
			options->image = arg;
		return 0;
	case ARGP_KEY_END:
		if (!options->format || !options->output)
			fail("say which image, which format, and -o FILE (whittle export --help)");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_option own[] = {
	{ "output", 'o', "FILE", 0, "what to write", 0 },
	{ 0 },
};
static const struct argp argp = {
	.options = own,
	.parser = parse,
	.args_doc = "IMAGE elf|iso|raw|qcow2|vmdk|vdi|vhd",
	.doc = "Write an image as other machines take it: the ELF, or a disk or CD that starts it by GRUB, on BIOS and on UEFI. "
	       "The kernel has to be one for PCs: of the profiles virtio-pci, vmware, vbox, hyperv, nvme, gcp or all.",
};

/* GRUB finds the entry among the segments' virtual addresses; other kernels are entered at a physical one. */
static bool has_multiboot2(const struct kernel_file *k)
{
	for (unsigned i = 0; i < k->ehdr.e_phnum; i++)
		if (k->ph[i].p_type == PT_LOAD && k->ehdr.e_entry - k->ph[i].p_vaddr < k->ph[i].p_filesz)
			return true;
	return false;
}

static void run(const char *const *argv, const char *package)
{
	struct buf errors = { 0 };
	int status = command(argv, &errors);

	if (status == 127 || status < 0)
		fail("%s is not installed (Debian package %s)", argv[0], package);
	if (status)
		fail("%s fails: %s", argv[0], first_line(&errors));
}

/* What GRUB needs to find the kernel and start it, on either firmware; the rest of it would be 15 MB. */
#define GRUB_MODULES "multiboot2 normal boot iso9660 part_msdos part_gpt fat all_video"

static void make_disk(const char *image, const struct buf *kernel, const char *output)
{
	char *tree = temp_dir();
	const char *const argv[] = { "grub-mkrescue", "-o", output, "--install-modules=" GRUB_MODULES, "--locales=", "--fonts=", "--themes=",
				     "--compress=xz", tree, NULL };
	const char menu[] = "set timeout=0\nset default=0\nmenuentry whittle {\n\tmultiboot2 /boot/whittle\n}\n";

	make_dirs(path_join(tree, "boot/grub"));
	output_write(path_join(tree, "boot/whittle"), kernel->data, kernel->size, 0644);
	output_write(path_join(tree, "boot/grub/grub.cfg"), menu, sizeof(menu) - 1, 0644);
	outputs_commit();
	if (file_exists(format("%s.erofs", image)))
		fail("%s has its root in %s.erofs: build it with --root embed to export it", image, image);
	run(argv, "grub-common, with grub-pc-bin, grub-efi-amd64-bin, xorriso and mtools");
}

int verb_export(int argc, char **argv)
{
	struct options options = { 0 };
	struct kernel_file k;
	char *disk, *output;

	parse_options(&argp, argc, argv, NULL, &options);
	kernel_file_open(&k, options.image);
	if (!options.format->grub) {
		output_write(options.output, k.file.data, k.file.size, 0755);
		outputs_commit();
		return 0;
	}
	if (!has_multiboot2(&k))
		fail("%s: GRUB cannot start its kernel: build it for a PC, such as --for virtio-pci", options.image);
	disk = path_join(temp_dir(), "disk");
	make_disk(options.image, &k.file, disk);
	output = output_new(options.output);
	run(options.format->qemu_img ?
		    (const char *const[]){ "qemu-img", "convert", "-q", "-f", "raw", "-O", options.format->qemu_img, disk, output, NULL } :
		    (const char *const[]){ "cp", disk, output, NULL },
	    "qemu-utils");
	outputs_commit();
	return 0;
}
