/* SPDX-License-Identifier: Apache-2.0 */
/* Prints every cell of the call room's machines that is not empty: "machine STATE EVENT". In a process that has run
 * nothing, all of them are unreached. The scenarios hold what they reached against it. */
#include <stdio.h>

#include "sbc/call/machine.h"

int main(void)
{
	static char text[65536];

	for (unsigned i = 0; i < MACHINE_COUNT; i++) {
		struct writer w = writer_init(text, sizeof(text));

		machine_print_unreached(machines[i], &w);
		fwrite(text, 1, w.n, stdout);
	}
	return 0;
}
