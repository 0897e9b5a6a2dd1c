#include "resource/hosts.h"

#include "coap/option.h"

#include <strings.h>

static bool is_name(const char *name, size_t n, struct span asked)
{
	return n == asked.n && strncasecmp(name, (const char *)asked.p, n) == 0;
}

static bool is_called(const struct resource_host *host, struct span asked)
{
	if (is_name(host->name, strlen(host->name), asked))
		return true;
	for (const char *p = host->aliases; p && *p; ) {
		size_t n = strcspn(p, " ");

		if (is_name(p, n, asked))
			return true;
		p += n + (p[n] == ' ');
	}
	return false;
}

const char *hosts_asked(const struct hosts *h, const struct message *request,
			const struct local *to)
{
	struct span asked;

	if (!h->n)
		return NULL;
	if (to->sock < h->nsockets && h->of_socket[to->sock])
		return h->of_socket[to->sock];
	if (!message_option(request, OPT_URI_HOST, 0, &asked))
		return NULL;
	for (size_t i = 0; i < h->n; i++)
		if (!h->list[i].bound && is_called(&h->list[i], asked))
			return h->list[i].name;
	return NULL;
}
