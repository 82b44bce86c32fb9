# Turns link/sets into two parts of a linker script: -v part=sets (the entries) or -v part=header (struct kernel_header).
BEGIN { n = 0 }
/^#/ || NF == 0 { next }
{ name[n] = $1; stride[n] = $2; n++ }
function text(s, width,    i, out)
{
	for (i = 1; i <= width; i++)
		out = out sprintf(" BYTE(%d)", i <= length(s) ? ord[substr(s, i, 1)] : 0)
	return out
}
END {
	for (i = 1; i < 128; i++)
		ord[sprintf("%c", i)] = i
	if (part == "header") {
		print ". = ALIGN(16); kernel_header = .;"
		print "QUAD(0x6c6e726b74746857) LONG(1) LONG(" n ")"
		print "LONG(image_end - image_start) LONG(kernel_components - image_start)"
		print "LONG(kernel_component_set_id - image_start) LONG(bootarea_start - image_start)"
		for (i = 0; i < n; i++)
			print text(name[i], 16) " LONG(set_begin_" name[i] " - image_start) LONG(set_end_" name[i] \
			      " - image_start) LONG(" stride[i] ") LONG(0)"
		exit
	}
	for (i = 0; i < n; i++) {
		print ". = ALIGN(8); set_begin_" name[i] " = .; *(SORT(.set." name[i] ".*)) set_end_" name[i] " = .;"
		print "ASSERT((set_end_" name[i] " - set_begin_" name[i] ") % " stride[i] " == 0, \"link/sets: stride of " name[i] "\");"
	}
}
