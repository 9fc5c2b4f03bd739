/* SPDX-License-Identifier: Apache-2.0 */
#include "sbc/faults.h"

#include <string.h>

void faults_print(FILE *f, const char *path, const struct config_faults *faults)
{
	for (size_t i = 0; i < faults->n; i++) {
		const struct config_fault *x = &faults->v[i];

		if (x->line)
			fprintf(f, "%s:%u: ", path, x->line);
		else
			fprintf(f, "%s: ", path);
		/* what is wrong with the file as a whole has the file for its place */
		if (x->place && x->place[0] && strcmp(x->place, "file") != 0 && strcmp(x->place, path) != 0)
			fprintf(f, "%s: %s\n", x->place, x->text);
		else
			fprintf(f, "%s\n", x->text);
	}
}
