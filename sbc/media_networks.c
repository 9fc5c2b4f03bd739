/* SPDX-License-Identifier: Apache-2.0 */
#include "sbc/media_networks.h"

#include <errno.h>
#include <stdlib.h>

static struct media_network *describe(const struct config *c)
{
	struct media_network *v = calloc(c->n_networks ? c->n_networks : 1, sizeof(*v));

	for (size_t i = 0; v && i < c->n_networks; i++) {
		const struct config_network *n = &c->networks[i];

		v[i] = (struct media_network){.name = n->name,
					      .device = n->device,
					      .n_addresses = n->media.n_addresses,
					      .port_min = n->media.port_min,
					      .port_max = n->media.port_max,
					      .dscp = n->media.dscp};
		for (size_t k = 0; k < n->media.n_addresses; k++) {
			v[i].address[k] = n->media.address[k];
			v[i].advertise[k] = n->media.advertise[k];
		}
	}
	return v;
}

int media_networks_create(const struct config *c, struct media **ret)
{
	struct media_network *v = describe(c);
	int err;

	if (!v)
		return -ENOMEM;
	err = media_create(&(struct media_config){.networks = v,
						  .n_networks = c->n_networks,
						  .workers = c->media.workers,
						  .latch_window_ms = c->media.latch_window_ms,
						  .port_cooldown_ms = c->media.port_cooldown_ms,
						  .max_sessions = c->limits.calls},
			   ret);
	free(v);
	return err;
}

int media_networks_apply(struct media *m, const struct config *c)
{
	struct media_network *v = describe(c);
	int err;

	if (!v)
		return -ENOMEM;
	err = media_set_networks(m, v, c->n_networks);
	free(v);
	return err;
}
