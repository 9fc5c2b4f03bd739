/* SPDX-License-Identifier: Apache-2.0 */
#include "sbc/call/verdict.h"

#include "base/writer.h"

#define SHORTEST_NS 1000000000ull /* below this a call says nothing of its audio */
#define STOPPED_NS  5000000000ull /* media that ended this long before the call did has stopped */

static const char *rank_text[] = {
	[MEDIA_RANK_SDP] = "its SDP address",
	[MEDIA_RANK_SDP_HOST] = "another port of its SDP address",
	[MEDIA_RANK_SIGNALLING] = "where its signalling comes from",
	[MEDIA_RANK_ACL] = "the media ACL",
	[MEDIA_RANK_ANY] = "the first that came",
	[MEDIA_RANK_NONE] = "nothing",
};

static void say_expected(struct writer *w, const struct media_direction *d)
{
	char text[ADDR_STRLEN];

	if (!addr_is_set(&d->expected)) {
		writer_lit(w, "its SDP gave no address");
		return;
	}
	writer_fmt(w, "its SDP said %s", addr_text(&d->expected, text));
	if (addr_is_private(&d->expected) && !addr_is_loopback(&d->expected))
		writer_lit(w, ", a private address");
}

static void say_refused(struct writer *w, const struct media_direction *d)
{
	char text[ADDR_STRLEN];

	if (!d->drops[MEDIA_DROP_SOURCE])
		return;
	writer_fmt(w, "; %llu packets from other sources were refused, the last from %s",
		   (unsigned long long)d->drops[MEDIA_DROP_SOURCE], addr_text(&d->refused, text));
}

static void say_nothing_came(struct writer *w, const struct media_direction *d, char side, uint64_t waited_ns)
{
	writer_fmt(w, "no packet from %c in %llu s; ", side, (unsigned long long)(waited_ns / 1000000000));
	say_expected(w, d);
	writer_lit(w, "; latched nothing");
	say_refused(w, d);
}

static void say_not_relayed(struct writer *w, const struct media_direction *d, char side)
{
	static const char *const why[MEDIA_DROP_COUNT] = {
#define X(name, key, text) [name] = text,
		MEDIA_DROPS(X)
#undef X
	};
	enum media_drop worst = MEDIA_DROP_NO_TARGET;

	for (unsigned i = 0; i < MEDIA_DROP_COUNT; i++)
		if (d->drops[i] > d->drops[worst])
			worst = i;
	writer_fmt(w, "%llu packets came from %c and none went on: %s", (unsigned long long)d->packets, side,
		   why[worst]);
}

static void say_stopped(struct writer *w, const struct media_direction *d, char side, uint64_t end_ns)
{
	char text[ADDR_STRLEN];

	writer_fmt(w, "%c stopped sending %llu s before the end, after %llu packets from %s (latched by %s)", side,
		   (unsigned long long)((end_ns - d->last_ns) / 1000000000), (unsigned long long)d->packets,
		   addr_text(&d->latched, text), rank_text[d->rank]);
	say_refused(w, d);
}

/* Nobody has to send while it rings (the preview in a 183), nor on hold: from the later of answer and last commit on.
 */
static bool speak(struct writer *w, const struct media_direction *d, char side, const struct verdict_facts *f)
{
	uint64_t from_ns = d->committed_ns > f->answer_ns ? d->committed_ns : f->answer_ns, end_ns = f->end_ns;

	if (!d->receives || !d->committed_ns || end_ns < from_ns + SHORTEST_NS)
		return false;
	if (!d->packets)
		say_nothing_came(w, d, side, end_ns - from_ns);
	else if (!d->relayed)
		say_not_relayed(w, d, side);
	else if (end_ns > d->last_ns + STOPPED_NS && end_ns > from_ns + STOPPED_NS)
		say_stopped(w, d, side, end_ns);
	else
		return false;
	return true;
}

const char *verdict(const struct verdict_facts *f, enum media_side from, char buf[VERDICT_MAX])
{
	struct writer w = writer_init(buf, VERDICT_MAX - 1);

	if (!f->stats || !f->answer_ns || f->end_ns < f->answer_ns + SHORTEST_NS)
		return NULL;
	for (size_t i = 0; i < f->stats->n_streams; i++) {
		if (!f->stats->streams[i].used ||
		    !speak(&w, &f->stats->streams[i].from[from], from == MEDIA_A ? 'A' : 'B', f))
			continue;
		buf[w.n] = '\0';
		return buf;
	}
	return NULL;
}
