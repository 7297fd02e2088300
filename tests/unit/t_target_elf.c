/* SPDX-License-Identifier: MIT */
/*
 * t_target_elf.c - symbols of what is loaded here, and of damaged images.
 */
#include "config.h"

#include <dlfcn.h>
#include <elf.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "inspector/target/agent_image.h"
#include "inspector/target/elf_mem.h"
#include "inspector/target/landmarks.h"
#include "tests/unit/t_target.h"

START_TEST(symbols_of_the_c_library)
{
	int fd = proc_mem_open(getpid(), false);
	struct elf_view v;
	struct elf_sym sym;
	Dl_info where;
	void *expected = dlsym(RTLD_DEFAULT, "qsort");

	ck_assert_int_ge(fd, 0);
	ck_assert_int_ne(dladdr(expected, &where), 0);
	ck_assert(elf_open(&v, proc_mem_read, &fd,
			   (uint64_t)(uintptr_t)where.dli_fbase));
	ck_assert(elf_symbol(&v, "qsort", &sym));
	ck_assert_uint_eq(sym.addr, (uint64_t)(uintptr_t)expected);
	ck_assert(!elf_symbol(&v, "qsort_of_nobody", &sym));
	ck_assert(!elf_symbol(&v, "", &sym));
	close(fd);
}
END_TEST

START_TEST(no_object_no_view)
{
	static const char text[4096] = "\177ELF but nothing more";
	int fd = proc_mem_open(getpid(), false);
	struct elf_view v;

	ck_assert(!elf_open(&v, proc_mem_read, &fd,
			    (uint64_t)(uintptr_t)text));
	ck_assert(!elf_open(&v, proc_mem_read, &fd, 0));
	ck_assert(!elf_open(&v, proc_mem_read, &fd, UINT64_MAX - 10));
	close(fd);
}
END_TEST

START_TEST(the_agent_carries_its_boot_words)
{
	const unsigned char *image;
	struct otw_boot boot;
	size_t len, off;

	image = agent_image(&len);
	ck_assert_uint_gt(len, 4096);
	ck_assert_mem_eq(image, "\177ELF", 4);
	ck_assert(agent_image_boot(&boot, &off));
	ck_assert_uint_lt(off, len);
	ck_assert_uint_eq(boot.magic, OTW_BOOT_MAGIC);
	ck_assert_int_eq(boot.fd, -1);
	ck_assert_int_eq(boot.state, OTW_BOOT_ASLEEP);
}
END_TEST

/* Any byte of headers and tables turned over: an answer or none, no harm. */
START_TEST(damaged_images_do_no_harm)
{
	struct elf_image image;
	const unsigned char *good;
	unsigned char *bad;
	unsigned seed = 7;
	size_t len;
	int i;

	good = agent_image(&len);
	bad = malloc(len);
	ck_assert_ptr_nonnull(bad);
	for (i = 0; i < 20000; i++) {
		struct elf_view v;
		struct elf_sym sym = { 0, 0 };
		size_t at[3], k, cut = len;

		if (i == 0)
			memcpy(bad, good, len);
		for (k = 0; k < 3; k++) {
			at[k] = (size_t)rand_r(&seed) % (len < 8192 ? len
							 : 8192);
			bad[at[k]] = (unsigned char)rand_r(&seed);
		}
		if (i % 5 == 0)
			cut = (size_t)rand_r(&seed) % len;
		image = (struct elf_image){ bad, cut };
		if (elf_open(&v, elf_image_read, &image, 0) &&
		    elf_symbol(&v, OTW_BOOT_SYMBOL, &sym) &&
		    elf_image_offset(&image, sym.addr, 8) != SIZE_MAX)
			ck_assert_uint_le(elf_image_offset(&image, sym.addr,
							   8) + 8, cut);
		for (k = 0; k < 3; k++)
			bad[at[k]] = good[at[k]];
	}
	free(bad);
}
END_TEST

/* The old hash table, in an image made for it. */
struct sysv_image {
	Elf64_Ehdr eh;
	Elf64_Phdr ph[2];
	Elf64_Dyn dyn[5];
	Elf64_Sym sym[3];
	uint32_t hash[2 + 1 + 3];
	char str[16];
};

START_TEST(sysv_hash_chains_end)
{
	struct sysv_image m;
	struct elf_image image = { (unsigned char *)&m, sizeof(m) };
	struct elf_view v;
	struct elf_sym sym;

	memset(&m, 0, sizeof(m));
	memcpy(m.eh.e_ident, ELFMAG, SELFMAG);
	m.eh.e_ident[EI_CLASS] = ELFCLASS64;
	m.eh.e_ident[EI_DATA] = ELFDATA2LSB;
#if defined(__aarch64__)
	m.eh.e_machine = EM_AARCH64;
#else
	m.eh.e_machine = EM_X86_64;
#endif
	m.eh.e_phoff = offsetof(struct sysv_image, ph);
	m.eh.e_phentsize = sizeof(Elf64_Phdr);
	m.eh.e_phnum = 2;
	m.ph[0].p_type = PT_LOAD;
	m.ph[0].p_filesz = m.ph[0].p_memsz = sizeof(m);
	m.ph[1].p_type = PT_DYNAMIC;
	m.ph[1].p_vaddr = offsetof(struct sysv_image, dyn);
	m.ph[1].p_memsz = sizeof(m.dyn);
	m.dyn[0] = (Elf64_Dyn){ DT_SYMTAB,
		{ offsetof(struct sysv_image, sym) } };
	m.dyn[1] = (Elf64_Dyn){ DT_STRTAB,
		{ offsetof(struct sysv_image, str) } };
	m.dyn[2] = (Elf64_Dyn){ DT_STRSZ, { sizeof(m.str) } };
	m.dyn[3] = (Elf64_Dyn){ DT_HASH,
		{ offsetof(struct sysv_image, hash) } };
	memcpy(m.str, "\0one\0two\0", 9);
	m.sym[1] = (Elf64_Sym){ .st_name = 1, .st_shndx = 1, .st_value = 64 };
	m.sym[2] = (Elf64_Sym){ .st_name = 5, .st_shndx = 1, .st_value = 96 };
	/* one bucket: 1 -> 2 -> end */
	memcpy(m.hash, (uint32_t[]){ 1, 3, 1, 0, 2, 0 }, sizeof(m.hash));
	ck_assert(elf_open(&v, elf_image_read, &image, 0));
	ck_assert(elf_symbol(&v, "two", &sym));
	ck_assert_uint_eq(sym.addr, 96);
	ck_assert(!elf_symbol(&v, "three", &sym));
	m.hash[5] = 1;		/* a ring */
	ck_assert(!elf_symbol(&v, "three", &sym));
	m.hash[0] = 0;		/* no buckets */
	ck_assert(!elf_symbol(&v, "two", &sym));
	m.hash[0] = 1;
	m.hash[2] = 0xfffffff0;	/* far outside */
	ck_assert(!elf_symbol(&v, "two", &sym));
}
END_TEST

static bool
has_vdso(const struct suspect *s)
{
	size_t i;

	for (i = 0; i < s->maps.n; i++)
		if (strcmp(s->maps.v[i].path, "[vdso]") == 0)
			return true;
	return false;
}

START_TEST(landmarks_of_this_process)
{
	struct ot_err err = OT_ERR_INIT;
	struct landmarks lm;
	struct suspect s;
	const struct proc_map *m;

	ck_assert_int_eq(suspect_look(&s, getpid(), NULL, &err), OT_OK);
	if (landmarks_find(&s, &lm, &err) != OT_OK) {
		/* An emulator of aarch64 has no vdso, where the way back is. */
		ck_assert_msg(!lm.way.restorer && !has_vdso(&s), "%s",
			      err.msg);
		suspect_release(&s);
		return;
	}
	ck_assert(cpu_way_complete(&lm.way));
	ck_assert_uint_ne(lm.dlopen, 0);
	landmarks_mark(&s);
	m = proc_maps_at(&s.maps, lm.mmap);
	ck_assert_ptr_nonnull(m);
	ck_assert(m->unsafe);
	m = proc_maps_at(&s.maps, lm.way.restorer);
	ck_assert_ptr_nonnull(m);
	ck_assert_int_eq(m->perm[2], 'x');
	suspect_release(&s);
}
END_TEST

TCase *
t_target_elf(void)
{
	TCase *t = tcase_create("elf");

	tcase_add_test(t, symbols_of_the_c_library);
	tcase_add_test(t, no_object_no_view);
	tcase_add_test(t, the_agent_carries_its_boot_words);
	tcase_add_test(t, damaged_images_do_no_harm);
	tcase_add_test(t, sysv_hash_chains_end);
	tcase_add_test(t, landmarks_of_this_process);
	return t;
}
