/* SPDX-License-Identifier: Apache-2.0 */
/* faults: the faults of a configuration, printed for a person: one line each, place, what is wrong and its mend. */
#ifndef SBC_FAULTS_H
#define SBC_FAULTS_H

#include <stdio.h>

#include "config/config.h"

void faults_print(FILE *f, const char *path, const struct config_faults *faults);

#endif
