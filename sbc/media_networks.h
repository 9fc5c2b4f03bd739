/* SPDX-License-Identifier: Apache-2.0 */
/* media_networks: the networks of the configuration as the relay knows them; same numbers. */
#ifndef SBC_MEDIA_NETWORKS_H
#define SBC_MEDIA_NETWORKS_H

#include "config/config.h"
#include "media/media.h"

int media_networks_create(const struct config *c, struct media **ret);
int media_networks_apply(struct media *m, const struct config *c);

#endif
