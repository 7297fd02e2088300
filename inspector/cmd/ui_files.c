/* SPDX-License-Identifier: MIT */
/*
 * Names of files for Tab.
 */
#include "config.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "inspector/cmd/ui_session.h"

#define FILES_MAX 200

/* A folder gets a slash behind its name, so that Tab goes on in it. */
static bool
files_is_folder(const char *folder, const char *name)
{
	char path[2048];
	struct stat st;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

void
ui_files_complete(const char *line, size_t skip, struct ot_buf *out)
{
	const char *word = line + skip, *slash, *base;
	struct dirent *d;
	char folder[1024];
	DIR *dir;
	int n = 0;

	word += strspn(word, " ");
	slash = strrchr(word, '/');
	base = slash != NULL ? slash + 1 : word;
	snprintf(folder, sizeof(folder), "%.*s",
		 slash != NULL ? (int)(base - word) : 1,
		 slash != NULL ? word : ".");
	dir = opendir(folder);
	if (dir == NULL)
		return;
	while ((d = readdir(dir)) != NULL && n < FILES_MAX) {
		const char *s = d->d_name;

		if (strncmp(s, base, strlen(base)) != 0 ||
		    (s[0] == '.' && base[0] != '.') || s[strcspn(s, "\n\033")])
			continue;
		ot_buf_addf(out, "%.*s%s%s\n", (int)(base - line), line, s,
			    files_is_folder(folder, s) ? "/" : "");
		n++;
	}
	closedir(dir);
}
