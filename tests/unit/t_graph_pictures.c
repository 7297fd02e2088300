/* SPDX-License-Identifier: MIT */
/*
 * t_graph_pictures.c - what is collected for a picture, and how it is drawn.
 */
#include "config.h"

#include "tests/unit/t_graph.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "graph/render.h"

static struct hg_picture *
collect(const struct t_heap *h, const char *name, bool back,
	const struct hg_args *args)
{
	static const struct hg_args plain;
	struct ot_err err = OT_ERR_INIT;
	struct hg_picture *p = NULL;
	hg_node n = t_node(h, name);

	ck_assert_msg(hg_picture_refs(h->g, &n, 1, back, args ? args : &plain,
				      &p, &err) == OT_OK,
		      "%s", err.msg);
	return p;
}

/* "a>b c>d 3>b": edges by the nodes' names; a number is a MORE node. */
static const char *
edges(const struct t_heap *h, const struct hg_picture *p)
{
	static struct ot_buf b;
	const struct hg_pic_node *n;
	size_t i, end;

	ot_buf_clear(&b);
	for (i = 0; i < p->nedges; i++) {
		if (i > 0)
			ot_buf_addc(&b, ' ');
		for (end = 0; end < 2; end++) {
			n = &p->nodes[end ? p->edges[i].to : p->edges[i].from];
			if (end)
				ot_buf_addc(&b, '>');
			if (n->flags & HG_PIC_MORE)
				ot_buf_addf(&b, "%u", n->count);
			else if (hg_is_root(h->g, n->node))
				ot_buf_adds(&b, hg_root_name(h->g, n->node));
			else
				ot_buf_adds(&b,
					    h->names[(hg_addr(h->g, n->node) -
						      T_ADDR(0)) /
						     0x40]);
		}
	}
	return ot_buf_str(&b);
}

START_TEST(structure)
{
	struct t_heap h = t_draw("@module(m)>m @interpreter(i)>m m:module "
				 "m>d d[x]>l l[0]>s s.a>v s.l>l w~>s i>m");
	struct hg_picture *p = collect(&h, "s", true, NULL);
	size_t i;

	/* Against the edges, and not beyond the module. */
	ck_assert_str_eq(edges(&h, p), "l>s w>s d>l s>l m>d");
	ck_assert(p->back);
	ck_assert_uint_eq(p->nodes[0].flags, HG_PIC_START);
	for (i = 0; i < p->nnodes; i++)
		ck_assert_int_eq((p->nodes[i].flags & HG_PIC_ROOT) != 0,
				 p->nodes[i].node == t_node(&h, "m"));
	ck_assert_ptr_nonnull(strstr(p->caption, "pid 4242"));
	ck_assert_ptr_nonnull(strstr(p->caption, "0x7f00000010c0"));
	hg_picture_free(p);
	p = collect(&h, "s", true,
		    &(struct hg_args){ .exclude_weak = true, .depth = 1 });
	ck_assert_str_eq(edges(&h, p), "l>s");
	hg_picture_free(p);
	p = collect(&h, "d", false, NULL);
	ck_assert_str_eq(edges(&h, p), "d>l l>s s>v s>l");
	hg_picture_free(p);
	t_heap_free(&h);
}
END_TEST

START_TEST(more)
{
	struct t_heap h = t_draw("l:list l[0]>a l[1]>b l[2]>c l[3]>d "
				 "x>a y>a z>a");
	struct hg_args two = { .max_width = 2 };
	struct hg_picture *p = collect(&h, "l", false, &two);

	ck_assert_str_eq(edges(&h, p), "l>a l>b l>2");
	hg_picture_free(p);
	p = collect(&h, "a", true, &two);
	ck_assert_str_eq(edges(&h, p), "l>a x>a 2>a");
	hg_picture_free(p);
	t_heap_free(&h);
}
END_TEST

START_TEST(parallel)
{
	struct t_heap h = t_draw("l:list l[0]>a l[1]>a l[2]>a l[3]>a l[4]>a "
				 "l[5]>b");
	struct hg_picture *p = collect(&h, "l", false, NULL);

	ck_assert_str_eq(edges(&h, p), "l>a l>a l>a l>b");
	hg_picture_free(p);
	t_heap_free(&h);
}
END_TEST

START_TEST(classes)
{
	/* The start's class, but neither others' nor what a class has. */
	struct t_heap h = t_draw("s.a>t s|>c t|>c k:str='k' d:dict s.d>d "
				 "d>k d[k]>v");
	struct hg_picture *p = collect(&h, "s", false, NULL);

	ck_assert_str_eq(edges(&h, p), "s>t s>d s>c d>k d>v");
	hg_picture_free(p);
	t_heap_free(&h);
}
END_TEST

START_TEST(chains)
{
	struct t_heap h = t_draw("@module(m)>a a>x b>x @frame(f).v>b a>b");
	static const struct hg_args plain;
	struct ot_err err = OT_ERR_INIT;
	struct hg_picture *p = NULL;
	struct hg_chains c;

	ck_assert_int_eq(hg_chains_find(h.g, t_node(&h, "x"), &plain, &c, &err),
			 OT_OK);
	ck_assert_int_eq(hg_picture_chains(h.g, (const hg_edge *const *)c.edges,
					   c.lens, c.n, &p, &err),
			 OT_OK);
	/* Shared edges once; the module's step counts for nothing. */
	ck_assert_str_eq(edges(&h, p), "m>a a>x a>b b>x f>b");
	ck_assert(p->nodes[2].flags & HG_PIC_START);
	hg_picture_free(p);
	hg_chains_free(&c);
	t_heap_free(&h);
}
END_TEST

/* Everything that means something to somebody on the way to a picture. */
#define EVIL                                                                   \
	"<b>\"\\N\\G\\L&amp;&#60;{|}</b>]]>'%s\033]0;x\a\xff\xe2\x80\xae\n"    \
	"\xef\xbf\xbf<script>"

static struct hg_graph *
evil_graph(void)
{
	struct ot_err err = OT_ERR_INIT;
	struct hg_graph *g;
	struct t_enc t;
	size_t len = sizeof(EVIL) - 1;

	t_enc_init(&t);
	t_enc_begin(&t);
	t_enc_kind(&t, 0, EVIL, EVIL);
	otw_enc_name(&t.e, &(struct otw_name){ 0, { EVIL, len } });
	otw_enc_object(&t.e, &(struct otw_object){ .addr = 0x1000,
						   .nrefs = 2,
						   .text = { EVIL, len } });
	otw_enc_ref(&t.e, &(struct otw_ref){ .to = 0x1000,
					     .relation = OTW_REL_VALUE,
					     .name_type = OTW_NAME_ID });
	otw_enc_ref(&t.e, &(struct otw_ref){ .to = 0x2000,
					     .relation = OTW_REL_WEAK });
	t_enc_object(&t, 0x2000, 0, 10, 0);
	t_enc_root(&t, OTW_ROOT_FRAME, EVIL);
	otw_enc_root_ref(&t.e, &(struct otw_ref){ .to = 0x1000 });
	otw_enc_end(&t.e, &(struct otw_end){ 0 });
	g = t_enc_graph(&t, &err);
	ck_assert_msg(g != NULL, "%s", err.msg);
	t_enc_release(&t);
	return g;
}

/* Runs a checker on a file where it is installed; true: it is content. */
static bool
content(const char *tool, const char *args, const char *file)
{
	char command[400];
	int st;

	snprintf(command, sizeof(command),
		 "command -v %s >/dev/null || exit 0; %s %s %s >/dev/null 2>&1",
		 tool, tool, args, file);
	st = system(command);
	return WIFEXITED(st) && WEXITSTATUS(st) == 0;
}

static struct ot_buf
read_file(const char *path)
{
	struct ot_buf b = OT_BUF_INIT;
	FILE *f = fopen(path, "rb");
	char piece[4096];
	size_t n;

	ck_assert_msg(f != NULL, "%s", path);
	while ((n = fread(piece, 1, sizeof(piece), f)) > 0)
		ot_buf_add(&b, piece, n);
	fclose(f);
	return b;
}

static char dir[64];

static void
make_dir(void)
{
	snprintf(dir, sizeof(dir), "/tmp/t_graph.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
}

static void
drop_dir(void)
{
	char command[100];

	snprintf(command, sizeof(command), "rm -rf '%s'", dir);
	ck_assert_int_eq(system(command), 0);
}

START_TEST(hostile)
{
	struct hg_graph *g = evil_graph();
	struct ot_err err = OT_ERR_INIT;
	const struct hg_args plain = { 0 };
	const struct hg_export *x;
	struct hg_picture *p;
	hg_node n = hg_at(g, 0x1000);
	char path[128];
	struct ot_buf b;

	ck_assert_int_eq(hg_picture_refs(g, &n, 1, true, &plain, &p, &err),
			 OT_OK);
	make_dir();
	for (x = hg_exports; x->ext; x++) {
		snprintf(path, sizeof(path), "%s/evil.%s", dir, x->ext);
		ck_assert_msg(hg_render_file(p, path, &err) == OT_OK, "%s: %s",
			      x->ext, err.msg);
		b = read_file(path);
		ck_assert_uint_gt(b.len, 100);
		ck_assert_ptr_null(memchr(b.data, '\033', b.len) &&
						   strcmp(x->ext, "png") &&
						   strcmp(x->ext, "pdf")
					   ? b.data
					   : NULL);
		if (strcmp(x->ext, "png") == 0)
			ck_assert_mem_eq(b.data, "\x89PNG\r\n", 6);
		if (strcmp(x->ext, "pdf") == 0)
			ck_assert_mem_eq(b.data, "%PDF-", 5);
		if (strcmp(x->ext, "svg") == 0) {
			/* As it was, word for word, escaped once. */
			ck_assert_ptr_nonnull(strstr(
				b.data,
				"&lt;b&gt;&quot;\\N\\G\\L&amp;amp;&amp;#60;"));
			ck_assert_ptr_null(strstr(b.data, "<script"));
			ck_assert(content("xmllint", "--noout", path));
		}
		if (strcmp(x->ext, "dot") == 0)
			ck_assert(content("dot", "-Tcanon", path));
		ot_buf_release(&b);
	}
	drop_dir();
	hg_picture_free(p);
	hg_graph_free(g);
}
END_TEST

START_TEST(formats)
{
	const struct hg_export *x;
	struct ot_err err = OT_ERR_INIT;

	ck_assert_int_eq(hg_export_for("a.svg", &x, &err), OT_OK);
	ck_assert_str_eq(x->ext, "svg");
	ck_assert_int_eq(hg_export_for("/x.y/b.PNG", &x, &err), OT_OK);
	ck_assert_str_eq(x->format, "png:cairo");
	ck_assert_int_eq(hg_export_for("a.gif", &x, &err), OT_USAGE);
	ck_assert_ptr_nonnull(strstr(err.msg, ".svg, .png, .pdf, .dot"));
	ck_assert_int_eq(hg_export_for("/tmp.svg/plain", &x, &err), OT_USAGE);
	ck_assert_int_eq(hg_export_for("", &x, &err), OT_USAGE);
}
END_TEST

START_TEST(unwritable)
{
	struct t_heap h = t_draw("a>b");
	struct hg_picture *p = collect(&h, "a", false, NULL);
	struct ot_err err = OT_ERR_INIT;
	struct ot_buf b = OT_BUF_INIT;
	struct stat sb;
	char path[128];

	make_dir();
	snprintf(path, sizeof(path), "%s/none/a.svg", dir);
	ck_assert_int_eq(hg_render_file(p, path, &err), OT_FAILED);
	ck_assert_ptr_nonnull(strstr(err.msg, path));
	ck_assert_ptr_null(strchr(err.msg, '\n'));
	/* A full disk leaves nothing behind, and what was there stays. */
	snprintf(path, sizeof(path), "%s/a.dot", dir);
	ck_assert_int_eq(symlink("/dev/full", path), 0);
	ck_assert_int_eq(hg_render_file(p, path, &err), OT_FAILED);
	ck_assert_ptr_nonnull(strstr(err.msg, "No space left"));
	ck_assert_int_eq(lstat(path, &sb), 0);
	ck_assert(S_ISLNK(sb.st_mode));
	snprintf(path, sizeof(path), "%s/dir.svg", dir);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	ck_assert_int_eq(hg_render_file(p, path, &err), OT_FAILED);
	snprintf(path, sizeof(path), "%s/good.svg", dir);
	ck_assert_int_eq(hg_render_file(p, path, &err), OT_OK);
	ck_assert_int_eq(stat(path, &sb), 0);
	strcat(path, ".part");
	ck_assert_int_ne(stat(path, &sb), 0);
	drop_dir();
	ck_assert_int_eq(hg_render_buf(p, "gif", &b, &err), OT_USAGE);
	hg_picture_free(p);
	t_heap_free(&h);
}
END_TEST

/* libgvc says nothing on stderr, and stderr is as it was afterwards. */
START_TEST(quiet)
{
	struct t_heap h = t_draw("a:list a[0]>b b:str='text'");
	struct hg_picture *p = collect(&h, "a", false, NULL);
	struct ot_buf b = OT_BUF_INIT;
	struct stat before, after;
	int pipes[2];
	int saved = dup(STDERR_FILENO);
	char c;

	ck_assert_int_eq(pipe(pipes), 0);
	dup2(pipes[1], STDERR_FILENO);
	close(pipes[1]);
	ck_assert_int_eq(fstat(STDERR_FILENO, &before), 0);
	ck_assert_int_eq(hg_render_buf(p, "png", &b, NULL), OT_OK);
	ck_assert_int_eq(fstat(STDERR_FILENO, &after), 0);
	dup2(saved, STDERR_FILENO);
	close(saved);
	ck_assert_uint_eq(before.st_ino, after.st_ino);
	ck_assert_int_eq(read(pipes[0], &c, 1), 0);
	close(pipes[0]);
	ck_assert_uint_gt(b.len, 100);
	ot_buf_release(&b);
	hg_picture_free(p);
	t_heap_free(&h);
}
END_TEST

/* What the eye is to tell apart. */
START_TEST(look)
{
	struct t_heap h = t_draw("@module(shop.cache)>m m:module m>l l:list "
				 "l[0]>s s:shop.Session w~>s x>s y>s z>s");
	struct hg_picture *p =
		collect(&h, "s", true, &(struct hg_args){ .max_width = 4 });
	struct ot_buf b = OT_BUF_INIT;

	ck_assert_int_eq(hg_render_buf(p, "dot", &b, NULL), OT_OK);
	ck_assert_ptr_nonnull(strstr(b.data, "shop.Session\\n0x7f0000001080"));
	ck_assert_ptr_nonnull(strstr(b.data, "list\\n1 item"));
	ck_assert_ptr_nonnull(strstr(b.data, "module\\nshop.cache"));
	ck_assert_ptr_nonnull(strstr(b.data, "1 more"));
	ck_assert_ptr_nonnull(strstr(b.data, "[0]"));
	ck_assert_ptr_nonnull(strstr(b.data, "#ffd7a3")); /* the start */
	ck_assert_ptr_nonnull(strstr(b.data, "#b9e4d4")); /* the module */
	ck_assert_ptr_nonnull(strstr(b.data, "references to shop.Session"));
	ot_buf_release(&b);
	hg_picture_free(p);
	t_heap_free(&h);
}
END_TEST

static size_t
nodes_with(const struct hg_picture *p, unsigned flag)
{
	size_t i, n = 0;

	for (i = 0; i < p->nnodes; i++)
		n += (p->nodes[i].flags & flag) != 0;
	return n;
}

static size_t
edges_with(const struct hg_picture *p, unsigned flag)
{
	size_t i, n = 0;

	for (i = 0; i < p->nedges; i++)
		n += (p->edges[i].flags & flag) != 0;
	return n;
}

/* Four sessions with a dict each, by token; d stands alone, so does odd. */
START_TEST(fold)
{
	struct t_heap h = t_draw(
		"@module(m)>c c:dict c[t1]>s1 c[t2]>s2 c[t3]>s3 c[t4]>s4 "
		"s1:Session s2:Session s3:Session s4:Session "
		"d1:dict d2:dict d3:dict d4:dict s1.d>d1 s2.d>d2 s3.d>d3 "
		"s4.d>d4 c[o]>odd odd:Session odd.d>d odd.e>d d:dict");
	struct hg_picture *p = collect(&h, "c", false, NULL);
	struct hg_args args = { .depth = 3 };
	size_t i;

	ck_assert_uint_eq(p->nnodes, 11);
	ck_assert_int_eq(hg_picture_look(p, NULL), OT_OK);
	ck_assert(hg_picture_fold(p, HG_FOLD_EXACT));
	/* c, 4 sessions, their dicts, odd, its dict */
	ck_assert_uint_eq(p->nnodes, 5);
	ck_assert_uint_eq(nodes_with(p, HG_PIC_FOLD), 2);
	ck_assert_uint_eq(p->nedges, 5);
	for (i = 0; i < p->nnodes; i++)
		if (p->nodes[i].flags & HG_PIC_FOLD)
			ck_assert_uint_eq(p->nodes[i].count, 4);
	hg_picture_free(p);
	/* From below, attributes' names tell odd's dict apart no more. */
	p = collect(&h, "c", false, &args);
	ck_assert(hg_picture_fold(p, HG_FOLD_LOOSE));
	ck_assert_uint_eq(p->nnodes, 3);
	hg_picture_free(p);
	p = collect(&h, "c", false, &args);
	ck_assert(hg_picture_fold(p, HG_FOLD_TYPES));
	ck_assert_uint_eq(p->nnodes, 3);
	ck_assert_uint_eq(p->nedges, 2);
	hg_picture_free(p);
	t_heap_free(&h);
}
END_TEST

START_TEST(circles_and_garbage)
{
	struct t_heap h = t_draw("@module(m)>a a>b b>c c>b c>d g>h h>g h>d "
				 "d~>a");
	struct hg_picture *p = collect(&h, "d", true,
				       &(struct hg_args){ .depth = 9 });
	struct ot_err err = OT_ERR_INIT;

	ck_assert_int_eq(hg_picture_look(p, &err), OT_OK);
	ck_assert_uint_eq(nodes_with(p, HG_PIC_GARBAGE), 2);
	ck_assert_uint_eq(edges_with(p, HG_PIC_CYCLE), 4);
	ck_assert_uint_eq(edges_with(p, HG_PIC_LOST), 3);
	ck_assert_uint_eq(nodes_with(p, HG_PIC_MARKED), 0);
	p->look.highlight = "address>=1";
	ck_assert_int_eq(hg_picture_look(p, &err), OT_OK);
	ck_assert_uint_gt(nodes_with(p, HG_PIC_MARKED), 4);
	p->look.highlight = "colour:red";
	ck_assert_int_eq(hg_picture_look(p, &err), OT_USAGE);
	hg_picture_free(p);
	t_heap_free(&h);
}
END_TEST

START_TEST(tree)
{
	struct t_heap h = t_draw("@module(m)>a a:10 b:20 c:30 d:40 e:50 "
				 "a>b a>c b>d c>d d>e");
	const struct hg_args plain = { 0 };
	struct ot_err err = OT_ERR_INIT;
	struct hg_picture *p;
	struct ot_buf b = OT_BUF_INIT;
	hg_node n = t_node(&h, "a");

	ck_assert_int_eq(hg_picture_retained(h.g, &n, 1, 50, &plain, &p, &err),
			 OT_OK);
	/* d stands below a, the edge to e has its bytes */
	ck_assert_str_eq(edges(&h, p), "a>d a>c a>b d>e");
	ck_assert_uint_eq(p->nodes[0].retained, 150);
	ck_assert_uint_eq(p->edges[0].bytes, 90);
	ck_assert_uint_eq(edges_with(p, HG_PIC_KEEPS), 4);
	ck_assert_int_eq(hg_treemap_svg(p, &b, &err), OT_OK);
	ck_assert_ptr_nonnull(strstr(b.data, "retains 150"));
	ot_buf_release(&b);
	hg_picture_free(p);
	ck_assert_int_eq(hg_picture_retained(h.g, NULL, 0, 3, &plain, &p, &err),
			 OT_OK);
	ck_assert(p->nodes[0].flags & HG_PIC_VIRTUAL);
	hg_picture_free(p);
	t_heap_free(&h);
}
END_TEST

START_TEST(types)
{
	/* A list in a list counts once. */
	struct t_heap h = t_draw("@module(m)>a a:list:10 b:list:20 c:list:30 "
				 "d:dict:40 a>b b>c c>d");
	const struct hg_args plain = { 0 };
	struct ot_err err = OT_ERR_INIT;
	struct hg_picture *p;
	size_t i, found = 0;

	ck_assert_int_eq(hg_picture_types(h.g, &plain, &p, &err), OT_OK);
	for (i = 0; i < p->nedges; i++) {
		if (p->edges[i].from == p->edges[i].to) {
			ck_assert_uint_eq(p->edges[i].bytes, 90);
			found++;
		}
	}
	ck_assert_uint_eq(found, 1);
	for (i = 0; i < p->nnodes; i++)
		if (p->nodes[i].count == 3)
			ck_assert_uint_eq(p->nodes[i].retained, 100);
	hg_picture_free(p);
	t_heap_free(&h);
}
END_TEST

static bool
stop(void *ctx, uint64_t done, uint64_t total)
{
	(void)done;
	(void)total;
	return *(int *)ctx > 0 && --*(int *)ctx == 0;
}

/* Cancelled while libgvc works, no child of ours remains. */
START_TEST(cancelled)
{
	struct t_heap h = t_draw("a>b");
	struct hg_picture *p = collect(&h, "a", false, NULL);
	struct ot_err err = OT_ERR_INIT;
	struct ot_buf b = OT_BUF_INIT;
	int left = 1;

	ck_assert_int_eq(hg_picture_look(p, &err), OT_OK);
	p->look.cancelled = stop;
	p->look.cancel_ctx = &left;
	ck_assert_int_eq(hg_render_buf(p, "png", &b, &err), OT_INTERRUPTED);
	ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
	ot_buf_release(&b);
	hg_picture_free(p);
	t_heap_free(&h);
}
END_TEST

TCase *
t_graph_pictures(void)
{
	TCase *t = tcase_create("pictures");

	tcase_set_timeout(t, 60);
	tcase_add_test(t, structure);
	tcase_add_test(t, more);
	tcase_add_test(t, parallel);
	tcase_add_test(t, classes);
	tcase_add_test(t, chains);
	tcase_add_test(t, hostile);
	tcase_add_test(t, formats);
	tcase_add_test(t, unwritable);
	tcase_add_test(t, quiet);
	tcase_add_test(t, look);
	tcase_add_test(t, fold);
	tcase_add_test(t, circles_and_garbage);
	tcase_add_test(t, tree);
	tcase_add_test(t, types);
	tcase_add_test(t, cancelled);
	return t;
}
