/* SPDX-License-Identifier: MIT */
/*
 * t_cmd.c - the command line: what is taken, what is refused and how, and
 * that help and completion leave nothing out.
 */
#include "config.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "inspector/cmd/cmd.h"
#include "inspector/cmd/options.h"

#define WORDS 32

static struct cmd cmd;
static struct ot_err err;
static char line_copy[1024];
static char *line_argv[WORDS + 1];

/* Words of a line, separated by one blank each. */
static enum ot_status
parse(const char *line)
{
	int argc = 0;
	char *word;

	cmd_release(&cmd);
	memset(&err, 0, sizeof(err));
	snprintf(line_copy, sizeof(line_copy), "objtop %s", line);
	for (word = strtok(line_copy, " "); word != NULL && argc < WORDS;
	     word = strtok(NULL, " "))
		line_argv[argc++] = word;
	line_argv[argc] = NULL;
	return cmd_parse(argc, line_argv, &cmd, &err);
}

static void
accepts(const char *line)
{
	enum ot_status st = parse(line);

	ck_assert_msg(st == OT_OK, "%s: %s", line, err.msg);
}

static void
refuses(const char *line, const char *msg)
{
	ck_assert_msg(parse(line) == OT_USAGE, "%s was taken", line);
	ck_assert_str_eq(err.msg, msg);
}

START_TEST(bare_form_is_the_ui)
{
	accepts("");
	ck_assert_str_eq(cmd.name, "ui");
	ck_assert_ptr_null(cmd.target);
	accepts("4242 --interval 500ms");
	ck_assert_str_eq(cmd.name, "ui");
	ck_assert_str_eq(cmd.target, "4242");
	ck_assert_uint_eq(cmd.opts.interval_ms, 500);
	ck_assert_double_eq(cmd.opts.budget, 0);
	accepts("4242 --budget 2%");
	ck_assert_double_eq_tol(cmd.opts.budget, 0.02, 1e-9);
	accepts("4242 --budget 0.5");
	ck_assert_double_eq_tol(cmd.opts.budget, 0.5, 1e-9);
	refuses("4242 --budget 0", "--budget takes a share of a core like 2% "
		"or 0.02, not '0'");
	refuses("4242 --budget 120%", "--budget takes a share of a core like "
		"2% or 0.02, not '120%'");
	refuses("4242 --budget nan", "--budget takes a share of a core like 2% "
		"or 0.02, not 'nan'");
	accepts("heap.objtop");
	ck_assert_str_eq(cmd.target, "heap.objtop");
	accepts("--name server.py");
	ck_assert_ptr_null(cmd.target);
	ck_assert_str_eq(cmd.opts.name, "server.py");
}
END_TEST

START_TEST(options_stand_anywhere)
{
	static const char *const lines[] = {
		"--json -n 5 instances 42 Session",
		"instances --json -n 5 42 Session",
		"instances 42 --json Session -n 5",
		"instances 42 Session -n5 --json",
		"instances 42 Session --limit=5 --json",
		"instances -n 5 --json -- 42 Session",
	};
	size_t i;

	for (i = 0; i < OT_ARRAY_LEN(lines); i++) {
		accepts(lines[i]);
		ck_assert_str_eq(cmd.name, "instances");
		ck_assert_str_eq(cmd.target, "42");
		ck_assert_uint_eq(cmd.nargs, 1);
		ck_assert_str_eq(cmd.args[0], "Session");
		ck_assert_int_eq(cmd.opts.format, OT_FMT_JSON);
		ck_assert(cmd.opts.limit_set);
		ck_assert_uint_eq(cmd.opts.limit, 5);
	}
}
END_TEST

START_TEST(every_option_arrives)
{
	accepts("path 42 X --csv -s -bytes -f bytes>1M --scope tracked "
		"--mode pause --timeout 2m --color never -q -v -k 7 "
		"--exclude-weak --ignore .a --ignore dict -o x.svg");
	ck_assert_int_eq(cmd.opts.format, OT_FMT_CSV);
	ck_assert_str_eq(cmd.opts.sort, "-bytes");
	ck_assert_str_eq(cmd.opts.filter, "bytes>1M");
	ck_assert_int_eq(cmd.opts.scope, HG_SCOPE_TRACKED);
	ck_assert_int_eq(cmd.opts.mode, OTW_MODE_PAUSE);
	ck_assert_uint_eq(cmd.opts.timeout_ms, 120000);
	ck_assert_int_eq(cmd.opts.color, 0);
	ck_assert(cmd.opts.quiet && cmd.opts.verbose);
	ck_assert_uint_eq(cmd.opts.k, 7);
	ck_assert(cmd.opts.exclude_weak);
	ck_assert_uint_eq(cmd.opts.nignore, 2);
	ck_assert_str_eq(cmd.opts.ignore[1], "dict");
	ck_assert_str_eq(cmd.opts.output, "x.svg");
	accepts("backrefs 42 A B C --depth 2 --max-width 4");
	ck_assert_uint_eq(cmd.opts.depth, 2);
	ck_assert_uint_eq(cmd.opts.max_width, 4);
	ck_assert_uint_eq(cmd.nargs, 3);
	ck_assert_int_eq(cmd.opts.color, -1);
	accepts("snapshot --redact -o f.objtop 42");
	ck_assert(cmd.opts.redact);
	accepts("types 42 -n 0");
	ck_assert(cmd.opts.limit_set);
	ck_assert_uint_eq(cmd.opts.limit, 0);
}
END_TEST

START_TEST(name_takes_the_place_of_target)
{
	accepts("instances --name shop Session");
	ck_assert_ptr_null(cmd.target);
	ck_assert_uint_eq(cmd.nargs, 1);
	ck_assert_str_eq(cmd.args[0], "Session");
	refuses("detach --name shop 42",
		"'42' is one word too many: objtop detach TARGET");
	accepts("path --children 4242 Session");
	ck_assert_ptr_null(cmd.target);
	ck_assert_int_eq(cmd.opts.children, 4242);
	refuses("types --children x", "--children takes a whole number from 1 "
				      "to 2147483647, not 'x'");
}
END_TEST

START_TEST(run_keeps_the_program_apart)
{
	accepts("run -o x.objtop -- python3 app.py -n 5 --json -- more");
	ck_assert_str_eq(cmd.opts.output, "x.objtop");
	ck_assert(!cmd.opts.limit_set);
	ck_assert_str_eq(cmd.exec[0], "python3");
	ck_assert_str_eq(cmd.exec[2], "-n");
	ck_assert_str_eq(cmd.exec[5], "--");
	ck_assert_str_eq(cmd.exec[6], "more");
	ck_assert_ptr_null(cmd.exec[7]);
	refuses("run", "run needs a program behind --: "
		       "objtop run -- CMD...");
	refuses("run python3 app.py", "run needs a program behind --: "
				      "objtop run -- CMD...");
	refuses("run x -- python3", "'x' is one word too many: "
				    "objtop run -- CMD...");
}
END_TEST

START_TEST(wrong_words_are_named)
{
	refuses("tpyes 42", "unknown command 'tpyes'; did you mean 'types'?");
	refuses("bakrefs 42 X",
		"unknown command 'bakrefs'; did you mean 'backrefs'?");
	refuses("inst 42 X",
		"unknown command 'inst'; did you mean 'instances'?");
	refuses("zzzzzzzz", "unknown command 'zzzzzzzz'; see objtop help");
	refuses("types", "types needs a TARGET: a process id or a snapshot "
			 "file (objtop ps lists processes)");
	refuses("show 42", "too few words: objtop show TARGET OBJECT");
	refuses("show 42 a b",
		"'b' is one word too many: objtop show TARGET OBJECT");
	refuses("refs 42", "too few words: objtop refs TARGET OBJECT...");
	refuses("ps 42", "'42' is one word too many: objtop ps");
	refuses("42 43", "'43' is one word too many: objtop [TARGET]");
	refuses("snapshot 42", "snapshot needs -o and a file name");
	refuses("completion", "too few words: objtop completion "
			      "bash|zsh|fish");
}
END_TEST

START_TEST(wrong_options_are_named)
{
	refuses("types 42 --nope",
		"unknown or ambiguous option '--nope'; see objtop help");
	refuses("types 42 -z", "unknown option -z; see objtop help");
	refuses("types 42 -n", "-n needs N behind it");
	refuses("types 42 --sort", "--sort needs COLUMN behind it");
	refuses("types 42 --json=1", "--json takes no value");
	refuses("types 42 -n x", "--limit takes a whole number from 0 to "
				 "18446744073709551615, not 'x'");
	refuses("types 42 -n -1", "--limit takes a whole number from 0 to "
				  "18446744073709551615, not '-1'");
	refuses("refs 42 X --depth 0",
		"--depth takes a whole number from 1 to 1000, not '0'");
	refuses("types 42 --timeout soon",
		"--timeout takes a time like 500ms, 10s or 2m, not 'soon'");
	refuses("types 42 --mode frok",
		"--mode takes auto|fork|pause, not 'frok'");
	refuses("types 42 --scope al", "--scope takes all|tracked, not 'al'");
	refuses("types 42 --depth 3",
		"types takes no --depth; see objtop help types");
	refuses("types 42 -f bytes>",
		"filter: a value is missing after bytes");
}
END_TEST

START_TEST(help_and_version_win)
{
	accepts("--help");
	ck_assert_str_eq(cmd.name, "help");
	ck_assert_uint_eq(cmd.nargs, 0);
	accepts("types --help");
	ck_assert_str_eq(cmd.name, "help");
	ck_assert_uint_eq(cmd.nargs, 1);
	ck_assert_str_eq(cmd.args[0], "types");
	accepts("-h tpyes");
	ck_assert_str_eq(cmd.name, "help");
	accepts("--version");
	ck_assert_str_eq(cmd.name, "version");
	accepts("types -V");
	ck_assert_str_eq(cmd.name, "version");
}
END_TEST

START_TEST(every_line_of_the_table_parses)
{
	const struct cmd_word *w;
	char line[200];

	for (w = cmd_words; w->name != NULL; w++) {
		snprintf(line, sizeof(line), "%s%s%s%s%s", w->name,
			 strstr(w->args, "-o ") ? " -o f" : "",
			 strstr(w->args, "TARGET")   ? " 1"
			 : strstr(w->args, "BEFORE") ? " 1 2"
						     : "",
			 strstr(w->args, "OBJECT") || strstr(w->args, "QUERY")
				 ? " x"
				 : "",
			 strstr(w->args, "CMD") ? " -- true" : "");
		if (strchr(w->args, '|') != NULL)
			strcat(line, " bash");
		accepts(line);
		ck_assert_str_eq(cmd.name, w->name);
	}
}
END_TEST

/* What a command writes to stdout; free() it. */
static char *
output_of(enum ot_status (*run)(const struct cmd *, struct ot_err *))
{
	FILE *file = tmpfile();
	int saved;
	char *text;
	long len;

	fflush(stdout);
	saved = dup(STDOUT_FILENO);
	dup2(fileno(file), STDOUT_FILENO);
	ck_assert_int_eq(run(&cmd, &err), OT_OK);
	fflush(stdout);
	dup2(saved, STDOUT_FILENO);
	close(saved);
	fseek(file, 0, SEEK_END);
	len = ftell(file);
	rewind(file);
	text = calloc(1, (size_t)len + 1);
	ck_assert_uint_eq(fread(text, 1, (size_t)len, file), (size_t)len);
	fclose(file);
	return text;
}

static void
mentions(const char *text, const char *where, const char *fmt,
	 const char *word)
{
	char want[100];

	snprintf(want, sizeof(want), "%s%s", fmt, word);
	ck_assert_msg(strstr(text, want) != NULL, "%s is not in %s", want,
		      where);
}

START_TEST(help_leaves_nothing_out)
{
	const struct cmd_word *w;
	char *text, *line, *save;
	size_t i;

	accepts("help");
	text = output_of(cmd_help);
	for (w = cmd_words; w->name != NULL; w++) {
		mentions(text, "help", "\n  ", w->name);
		mentions(text, "help", "", w->args);
	}
	for (i = 0; i < CMD_OPT_COUNT; i++)
		mentions(text, "help", " --", cmd_options[i].name);
	for (line = strtok_r(text, "\n", &save); line != NULL;
	     line = strtok_r(NULL, "\n", &save))
		ck_assert_msg(strlen(line) < 80, "too wide: %s", line);
	free(text);
}
END_TEST

START_TEST(help_on_each_command)
{
	const struct cmd_word *w;
	char line[100], *text;
	size_t i;

	for (w = cmd_words; w->name != NULL; w++) {
		snprintf(line, sizeof(line), "help %s", w->name);
		accepts(line);
		text = output_of(cmd_help);
		mentions(text, w->name, "usage: objtop ", w->name);
		mentions(text, w->name, "", w->help);
		for (i = 0; i < CMD_OPT_COUNT; i++)
			if (cmd_takes(w->name, (enum cmd_option_id)i))
				mentions(text, w->name, " --",
					 cmd_options[i].name);
		free(text);
	}
	accepts("help tpyes");
	ck_assert_int_eq(cmd_help(&cmd, &err), OT_USAGE);
	ck_assert_str_eq(err.msg, "there is no command 'tpyes'; "
				  "did you mean 'types'?");
}
END_TEST

START_TEST(completion_leaves_nothing_out)
{
	static const char *const shells[] = { "bash", "zsh", "fish" };
	static const char *const dashes[] = { "--", "--", "-l " };
	const struct cmd_word *w;
	char line[100], *text;
	size_t i, j;

	for (i = 0; i < OT_ARRAY_LEN(shells); i++) {
		snprintf(line, sizeof(line), "completion %s", shells[i]);
		accepts(line);
		text = output_of(cmd_completion);
		for (w = cmd_words; w->name != NULL; w++)
			mentions(text, shells[i], "", w->name);
		for (j = 0; j < CMD_OPT_COUNT; j++)
			mentions(text, shells[i], dashes[i],
				 cmd_options[j].name);
		mentions(text, shells[i], "", "auto fork pause");
		mentions(text, shells[i], "", "objtop ps");
		free(text);
	}
	accepts("completion tcsh");
	ck_assert_int_eq(cmd_completion(&cmd, &err), OT_USAGE);
}
END_TEST

/* The script at work: what bash makes of a line whose last word is begun. */
static void
completes(const char *line, const char *want)
{
	char script[2000], *text, got[4096];
	FILE *bash;
	size_t n;
	int words = 0;
	const char *at;

	for (at = line; *at != '\0'; at++)
		words += *at == ' ';
	accepts("completion bash");
	text = output_of(cmd_completion);
	bash = fopen("t_cmd_completion.bash", "w");
	ck_assert_ptr_nonnull(bash);
	fputs(text, bash);
	fclose(bash);
	free(text);
	/* No objtop but ours may answer what processes there are. */
	snprintf(script, sizeof(script),
		 "bash --norc -c 'objtop() { printf \"pid,user\\n4242,me\\n\"; };"
		 " . ./t_cmd_completion.bash; COMP_WORDS=(%s); COMP_CWORD=%d;"
		 " _objtop; echo ${COMPREPLY[@]}' 2>&1",
		 line, words);
	bash = popen(script, "r");
	n = fread(got, 1, sizeof(got) - 1, bash);
	got[n] = '\0';
	pclose(bash);
	remove("t_cmd_completion.bash");
	ck_assert_msg(strstr(got, want) != NULL, "%s gave %s", line, got);
}

START_TEST(completion_works_in_bash)
{
	if (system("command -v bash >/dev/null 2>&1") != 0)
		return;
	completes("objtop typ", "types");
	completes("objtop types --sc", "--scope");
	completes("objtop types --scope tr", "tracked");
	completes("objtop types 42", "4242");
	completes("objtop refs --max", "--max-width");
	completes("objtop completion zs", "zsh");
	completes("objtop help sn", "snapshot");
}
END_TEST

START_TEST(what_each_command_takes)
{
	ck_assert(cmd_takes("types", CMD_OPT_json));
	ck_assert(cmd_takes("path", CMD_OPT_k));
	ck_assert(!cmd_takes("types", CMD_OPT_k));
	ck_assert(cmd_takes("refs", CMD_OPT_depth));
	ck_assert(cmd_takes("backrefs", CMD_OPT_depth));
	ck_assert(!cmd_takes("back", CMD_OPT_depth));
	ck_assert(!cmd_takes("ps", CMD_OPT_name));
	ck_assert(cmd_takes("ui", CMD_OPT_name));
}
END_TEST

START_TEST(options_of_gc)
{
	accepts("gc --collect 42");
	ck_assert(cmd.opts.collect);
	ck_assert_uint_eq(cmd.opts.generation, 2);
	ck_assert_str_eq(cmd.target, "42");
	accepts("gc --collect 1 42");
	ck_assert_uint_eq(cmd.opts.generation, 1);
	ck_assert_str_eq(cmd.target, "42");
	accepts("gc --collect=0 1");
	ck_assert_uint_eq(cmd.opts.generation, 0);
	ck_assert_str_eq(cmd.target, "1");
	accepts("gc 1 --collect");
	ck_assert_str_eq(cmd.target, "1");
	accepts("gc --name shop --collect 0");
	ck_assert_uint_eq(cmd.opts.generation, 0);
	ck_assert_ptr_null(cmd.target);
	accepts("gc 42 --threshold 700,20 --for 2s --watch");
	ck_assert(cmd.opts.threshold_set && cmd.opts.watch);
	ck_assert(cmd.opts.threshold[0] == 700 && cmd.opts.threshold[1] == 20);
	ck_assert(cmd.opts.threshold[2] == -1);
	ck_assert_uint_eq(cmd.opts.lasting_ms, 2000);
	refuses("gc 42 --threshold 1,2,3,4", "--threshold takes one to three "
		"numbers like 700,10,10, not '1,2,3,4'");
	refuses("gc 42 --collect=3", "--collect takes a whole number from 0 to "
		"2, not '3'");
	refuses("types 42 --watch", "types takes no --watch; see objtop help "
		"types");
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("cmd");
	TCase *tc = tcase_create("words");
	SRunner *sr;
	int failed;

	tcase_set_timeout(tc, 30);
	tcase_add_test(tc, bare_form_is_the_ui);
	tcase_add_test(tc, options_stand_anywhere);
	tcase_add_test(tc, every_option_arrives);
	tcase_add_test(tc, name_takes_the_place_of_target);
	tcase_add_test(tc, run_keeps_the_program_apart);
	tcase_add_test(tc, wrong_words_are_named);
	tcase_add_test(tc, wrong_options_are_named);
	tcase_add_test(tc, help_and_version_win);
	tcase_add_test(tc, every_line_of_the_table_parses);
	tcase_add_test(tc, help_leaves_nothing_out);
	tcase_add_test(tc, help_on_each_command);
	tcase_add_test(tc, completion_leaves_nothing_out);
	tcase_add_test(tc, completion_works_in_bash);
	tcase_add_test(tc, what_each_command_takes);
	tcase_add_test(tc, options_of_gc);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
