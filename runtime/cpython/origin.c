/* SPDX-License-Identifier: MIT */
/*
 * origin.c - whose a type is: the program's or the runtime's.
 *
 * A module is the runtime's when it has no file (built in, frozen) or when its
 * file lies in the directory that `os` lies in, outside site-packages; what
 * the program or a package brought is the program's.  All of it is read from
 * sys.modules.  A pass over sys.modules per module; the verdict is kept by the
 * address of the name, which the classes of one module share.
 */
#include "runtime/cpython/value.h"
#include "runtime/cpython/walk.h"

/* Modules of which one is always loaded from the library's directory. */
static const char anchors[][8] = { "os", "codecs", "io", "abc" };

static bool
origin_has(const char *s, size_t len, const char *part)
{
	size_t i, k, n = py_strlen(part, 64);

	for (i = 0; i + n <= len; i++) {
		for (k = 0; k < n && s[i + k] == part[k]; k++)
			;
		if (k == n)
			return true;
	}
	return false;
}

static bool
origin_is_dict(const struct py_walk *w, py_obj o)
{
	return o && (py_flags(w, py_type(w, o)) & PY_FLAG_DICT);
}

/* The dict of a module imported into one interpreter, or 0. */
static py_obj
origin_module_in(const struct py_walk *w, py_obj modules, const char *name,
		 size_t len)
{
	py_obj module, dict;

	if (!origin_is_dict(w, modules))
		return 0;
	module = py_table_find(w, modules, name, len);
	if (!module || !w->T.module ||
	    !py_is_subtype(w, py_type(w, module), w->T.module))
		return 0;
	dict = PY_AT(module, w->L->module_dict, py_obj);
	return origin_is_dict(w, dict) ? dict : 0;
}

/* ... or into the first that has it. */
static py_obj
origin_module(const struct py_walk *w, const char *name, size_t len)
{
	py_obj dict = origin_module_in(w, w->modules, name, len);
	size_t i;

	for (i = 1; !dict && i < w->n_interps; i++)
		dict = origin_module_in(w, w->interps[i].modules, name, len);
	return dict;
}

/* Where the standard library is: learnt once. */
static void
origin_stdlib(const struct py_walk *w, struct py_kindmap *m)
{
	size_t i, n;

	if (m->stdlib_known)
		return;
	m->stdlib_known = 1;
	for (i = 0; i < sizeof(anchors) / sizeof(anchors[0]); i++) {
		py_obj dict = origin_module(w, anchors[i],
					    py_strlen(anchors[i], 8));

		if (!dict)
			continue;
		n = py_str_utf8(w, py_table_find(w, dict, "__file__", 8),
				m->stdlib, sizeof(m->stdlib));
		while (n && m->stdlib[n - 1] != '/')
			n--;
		m->stdlib_len = n;
		if (n)
			return;
	}
}

static bool
origin_file_is_user(const struct py_walk *w, struct py_kindmap *m, py_obj file)
{
	char path[1024];
	size_t i, n = py_str_utf8(w, file, path, sizeof(path));

	origin_stdlib(w, m);
	if (!m->stdlib_len || n < m->stdlib_len)
		return true;
	for (i = 0; i < m->stdlib_len; i++) {
		if (path[i] != m->stdlib[i])
			return true;
	}
	return origin_has(path, n, "/site-packages/") ||
		origin_has(path, n, "/dist-packages/");
}

/* 1 user, 0 not, -1 no such module */
static int
origin_judge(const struct py_walk *w, struct py_kindmap *m, const char *name,
	     size_t len)
{
	py_obj dict, file, spec;

	if (len == 8 && origin_has(name, len, "__main__"))
		return 1;
	if (len == 8 && origin_has(name, len, "builtins"))
		return 0;
	dict = origin_module(w, name, len);
	if (!dict)
		return -1;
	file = py_table_find(w, dict, "__file__", 8);
	if (py_is_str(w, file))
		return origin_file_is_user(w, m, file);
	spec = py_table_find(w, dict, "__spec__", 8);
	return !spec || spec == w->none;
}

/* A module that is not there is judged as the package it would be in. */
static int
origin_judge_up(const struct py_walk *w, struct py_kindmap *m,
		const char *name, size_t len)
{
	int user = -1;

	while (len && user < 0) {
		user = origin_judge(w, m, name, len);
		do {
			len--;
		} while (len && name[len] != '.');
	}
	return user;
}

bool
py_module_is_user(const struct py_walk *w, struct py_kindmap *m, py_obj module)
{
	size_t len, i = (module >> 4) % (sizeof(m->judged) /
					 sizeof(m->judged[0]));
	const char *name;

	if (m->judged[i].name == module)
		return m->judged[i].user != 0;
	name = py_str_ascii(w, module, &len);
	m->judged[i].name = module;
	m->judged[i].user = !name || origin_judge_up(w, m, name, len) != 0;
	return m->judged[i].user != 0;
}

bool
py_cmodule_is_user(const struct py_walk *w, struct py_kindmap *m,
		   const char *module, size_t len)
{
	return origin_judge_up(w, m, module, len) > 0;
}
