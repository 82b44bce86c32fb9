/* EROFS as it lies on disk (Linux, Documentation/filesystems/erofs.rst): little-endian; what is compressed, in compressed.c.
 *
 * An inode number (nid) is its position in the metadata area, in slots of 32 bytes. Behind an inode lie its extended
 * attributes, then the tail of its data (flat inline) or its chunk table.
 */
#ifndef FS_EROFS_FS_H
#define FS_EROFS_FS_H

#define EROFS_MAGIC        0xe0f5e1e2u
#define EROFS_SUPER_OFFSET 1024u
#define EROFS_SLOT_BITS    5u

#define EROFS_COMPAT_CHECKSUM 0x00000001u

#define EROFS_INCOMPAT_ZERO_PADDING 0x00000001u /* concerns LZ4 data only */
#define EROFS_INCOMPAT_COMPRESSION  0x00000002u /* algorithms are described; extents of several blocks */
#define EROFS_INCOMPAT_CHUNKED      0x00000004u

struct erofs_super {
	uint32_t magic;
	uint32_t checksum; /* CRC-32C of the first block from here on, this field being 0 */
	uint32_t feature_compat;
	uint8_t block_bits;
	uint8_t extension_slots;
	uint16_t root_nid;
	uint64_t inode_count;
	uint64_t build_time; /* seconds; the times of compact inodes */
	uint32_t build_time_nsec;
	uint32_t blocks;
	uint32_t meta_block;  /* where nid 0 would be */
	uint32_t xattr_block; /* shared extended attributes */
	uint8_t uuid[16];
	uint8_t volume_name[16];
	uint32_t feature_incompat;
	uint16_t compression;
	uint16_t extra_devices;
	uint16_t device_table;
	uint8_t directory_block_bits; /* beyond block_bits; 0 */
	uint8_t xattr_prefix_count;
	uint32_t xattr_prefix_start;
	uint64_t packed_nid;
	uint8_t reserved[24];
};
_Static_assert(sizeof(struct erofs_super) == 128, "EROFS super block");
_Static_assert(offsetof(struct erofs_super, feature_incompat) == 80, "EROFS super block");
_Static_assert(offsetof(struct erofs_super, packed_nid) == 96, "EROFS super block");

/* Inode format: bit 0: extended; bits 1 to 3: layout of the data. */
#define EROFS_FORMAT_EXTENDED     1u
#define EROFS_FORMAT_LAYOUT(f)    ((f) >> 1 & 7u)
#define EROFS_FORMAT_KNOWN        0x0fu
enum erofs_layout {
	EROFS_FLAT_PLAIN = 0,
	EROFS_COMPRESSED_FULL = 1,
	EROFS_FLAT_INLINE = 2, /* all but the last block apart, the tail behind the inode */
	EROFS_COMPRESSED_COMPACT = 3,
	EROFS_CHUNKED = 4,
};

struct erofs_inode_compact {
	uint16_t format;
	uint16_t xattr_count;
	uint16_t mode;
	uint16_t nlink;
	uint32_t size;
	uint32_t reserved;
	uint32_t where; /* block of the data; device number; chunk format */
	uint32_t ino;
	uint16_t uid, gid;
	uint32_t reserved2;
};
_Static_assert(sizeof(struct erofs_inode_compact) == 32, "EROFS compact inode");

struct erofs_inode_extended {
	uint16_t format;
	uint16_t xattr_count;
	uint16_t mode;
	uint16_t reserved;
	uint64_t size;
	uint32_t where;
	uint32_t ino;
	uint32_t uid, gid;
	uint64_t mtime;
	uint32_t mtime_nsec;
	uint32_t nlink;
	uint8_t reserved2[16];
};
_Static_assert(sizeof(struct erofs_inode_extended) == 64, "EROFS extended inode");
_Static_assert(offsetof(struct erofs_inode_extended, mtime) == 32, "EROFS extended inode");

/* Chunk format, in `where`: bits 0 to 4: chunk size beyond the block's; bit 5: entries are indexes, not block numbers. */
#define EROFS_CHUNK_BITS    0x1fu
#define EROFS_CHUNK_INDEXES 0x20u
#define EROFS_CHUNK_KNOWN   0x3fu
#define EROFS_CHUNK_HOLE    0xffffffffu

struct erofs_chunk_index {
	uint16_t advise;
	uint16_t device;
	uint32_t block;
};
_Static_assert(sizeof(struct erofs_chunk_index) == 8, "EROFS chunk index");

/* A directory block: entries, then their names; the first entry's name offset tells how many entries there are. */
struct erofs_dirent {
	uint64_t nid;
	uint16_t name_offset;
	uint8_t type; /* EROFS_FT_*: 1 to 7 */
	uint8_t reserved;
} __attribute__((packed));
_Static_assert(sizeof(struct erofs_dirent) == 12, "EROFS directory entry");

/* Extended attributes behind an inode: this, shared_count positions (in units of 4 bytes), then entries. */
struct erofs_xattr_header {
	uint32_t name_filter;
	uint8_t shared_count;
	uint8_t reserved[7];
};
_Static_assert(sizeof(struct erofs_xattr_header) == 12, "EROFS xattr header");

struct erofs_xattr_entry {
	uint8_t name_len;
	uint8_t name_index; /* which prefix */
	uint16_t value_size;
};
_Static_assert(sizeof(struct erofs_xattr_entry) == 4, "EROFS xattr entry");

#endif
