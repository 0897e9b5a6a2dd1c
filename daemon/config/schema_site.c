#include <config.h>

#include "config/schema_site.h"
#include "config/site.h"

#include <string.h>

#define AT(member) offsetof(struct site, member)
#define COUNT(rows) (sizeof rows / sizeof *rows)

static const struct config_row top_rows[] = {
	{ "include", "include", "", NULL, NULL,
	  "Further files of this site: a name, or a list of them, relative to the file that it "
	  "stands in.  One with *, ? or [ is a pattern (glob(7)), which may match nothing; a "
	  "directory stands for all files in it whose names end in .yaml.  See INCLUDED FILES.",
	  0 },
	{ "workers", "count or auto", "auto", "1..256", "processes",
	  "How many worker processes serve requests.  auto is one for each processor "
	  "that is online, and two at least, so that one can die while another serves.",
	  AT(workers) },
	{ "slots", "count or auto", "auto", "1..256", "slots",
	  "How many shares the clients are divided into; each worker owns one or more.  "
	  "This cannot change while coapd runs, so a site that will want more workers "
	  "later says so here.  auto is as many as there are workers.",
	  AT(slots) },
	{ "user", "string", "nobody", "1..32", "bytes",
	  "Whom to become after the sockets are open, if started as root; by any other "
	  "user this is ignored.  nobody is shared by everything that has no user of its "
	  "own: better make one for coapd.",
	  AT(user) },
	{ "log", "section", "", NULL, NULL,
	  "What coapd says of itself, where to and how much of it.", 0 },
	{ "listen", "listen", "coap://[::]:5683", NULL, NULL,
	  "A list of URIs, each a numeric address to receive requests at.  [::] is every "
	  "address, IPv6 and IPv4; 0.0.0.0 is every IPv4 address.  Without a port it is "
	  "that of the scheme; port 0 lets the kernel pick one.  Sockets that a service manager "
	  "passes (systemd.socket(5)) are used for the listeners at their addresses, and "
	  "coap+fd://NAME is one with FileDescriptorName=NAME, whatever its address; then as "
	  "many sockets as are passed of an address are the slots.", 0 },
	{ "access-log", "section", "", NULL, NULL,
	  "A line for each answer to a request: time, peer, method, path, code, bytes of the "
	  "request's and of the answer's payload, which block of a body it is about (0: none), how "
	  "often the answer had to be sent again, and the microseconds until it was made.  Queries "
	  "and payloads are not told.  When a worker dies, lines of what it worked on may be missing "
	  "or there twice.", 0 },
	{ "limits", "section", "", NULL, NULL,
	  "How much may be remembered of what peers ask.  All memory but that of bodies "
	  "is taken at the start.  The numbers are for the whole daemon; each slot gets "
	  "its part and a quarter more, as clients do not spread evenly.  At a limit the "
	  "newest asker is refused and those being served go on.", 0 },
	{ "transmission", "section", "", NULL, NULL,
	  "Transmission parameters of CoAP over UDP (RFC 7252, section 4.8).", 0 },
	{ "drain", "duration", "5s", "0..1h", NULL,
	  "How long requests that wait for an answer may go on when coapd is told to "
	  "stop.", AT(drain_ms) },
	{ "slow-hook", "duration", "100ms", "0..1h", NULL,
	  "A module whose hook takes longer is named in the log, as its worker serves nobody "
	  "meanwhile; 0: none is.  It is measured to some milliseconds.", AT(slow_hook_ms) },
	{ "watchdog", "duration", "800ms", "0..1h", NULL,
	  "A worker that does not come back from a module's hook for so long, or is stopped, is killed "
	  "and replaced, and the log names the module.  One that waits for a disk or has too little "
	  "of the processors, or is not in a hook, has 30 s, or so long if that is more.  0: none is "
	  "killed.", AT(watchdog_ms) },
	{ "open-time", "duration", "20s", "100ms..30s", NULL,
	  "How long a module may take to open.  A worker in which one takes longer is killed and "
	  "replaced, and the log names the module; at the start of coapd it ends the start, and with "
	  "a reload the new site is not taken over after 30 s.  Without a watchdog, all modules of a "
	  "worker have 30 s.", AT(open_ms) },
	{ "crash-limit", "count", "5", "0..100", "deaths",
	  "A resource in whose module so many workers died within a minute is closed for "
	  "crash-pause: it answers 5.00 (Internal Server Error), so that the others are served.  "
	  "Crashes, exits and hangs (watchdog) count, also each of the three times that a request "
	  "is tried; who is killed by somebody else does not.  A reload opens it.  0: none is "
	  "closed.",
	  AT(crash_limit) },
	{ "crash-pause", "duration", "1m", "1s..1d", NULL,
	  "How long such a resource is closed.", AT(crash_pause_ms) },
	{ "threads", "count", "2", "0..64", "threads",
	  "Threads of each worker for what modules do beside their hooks (jobs).  They "
	  "start when they are needed first; with 0 there are no jobs.", AT(threads) },
	{ "dns", "string", "", "0..255", "bytes",
	  "DNS servers to ask for the hosts that modules make requests of, as in "
	  "192.0.2.53,[2001:db8::53]:5353; without it those of the system.", AT(dns) },
	{ "modules-dir", "string", COAPD_MODULEDIR, "1..4000", "bytes",
	  "The directory that modules are loaded from.", AT(modules_dir) },
	{ "impl-info", "string", "urn:x-coapd:" PACKAGE_VERSION, "0..255", "bytes",
	  "A URI that tells what this server is, for a link with rel=\"impl-info\" in "
	  "/.well-known/core.  The default holds no more than name and version; an empty one is "
	  "no link.", AT(impl_info) },
	{ "runtime-directory", "string", "", "0..3000", "bytes",
	  "The directory that coapd makes a private one in at its start, for what modules "
	  "keep in files while it runs (block, for one): all of that is lost when coapd "
	  "ends.  When empty, $RUNTIME_DIRECTORY that a service manager gives, else /tmp.",
	  AT(runtime_directory) },
	{ "control", "section", "", NULL, NULL,
	  "The socket at which coapctl asks a running coapd.", 0 },
	{ "resources", "resources", "", NULL, NULL,
	  "What is served: a mapping from path to module.", 0 },
	{ "hosts", "hosts", "", NULL, NULL,
	  "Hosts that have resources of their own: a mapping from name to what is there.  See "
	  "HOSTS.", 0 },
};

/* Of one part of coapd. */
#define LOG_PART_ROW(id, name, text) \
	{ name, "enum level|error|warn|notice|info|debug", "level", NULL, NULL, \
	  text "  level: as the key of that name has it.", AT(log_parts[LOG_PART_##id]) },

static const struct config_row log_rows[] = {
	{ "level", "enum error|warn|notice|info|debug", "notice", NULL, NULL,
	  "The least important records to be written.", AT(log_level) },
	LOG_PARTS(LOG_PART_ROW)
	{ "to", "enum auto|stderr|journal|syslog", "auto", NULL, NULL,
	  "Where to.  auto is the journal, if that is where standard error goes, else standard "
	  "error.  In the journal a record has fields of its own, COAPD_PROCESS, COAPD_PART, "
	  "COAPD_PATH and others; syslog is of facility daemon.  What neither takes goes to "
	  "standard error.", AT(log_to) },
	{ "format", "enum text|json", "text", NULL, NULL,
	  "How it is written to standard error or a file: a line of text, or an object of JSON with "
	  "the same fields.", AT(log_format) },
	{ "file", "string", "", "0..4000", "bytes",
	  "A file that it is appended to instead: an absolute path.  It is opened at the start, before "
	  "another user is become, and again on SIGUSR2.  Errors are written to standard error as "
	  "well, and so is what the file does not take.", AT(log_file) },
};

static const struct config_row access_rows[] = {
	{ "file", "string", "", "0..4000", "bytes",
	  "Where lines are appended: an absolute path, or - for standard error; no log is kept "
	  "without.  It is opened at the start, before another user is become, and again on SIGUSR2.",
	  AT(access_file) },
	{ "format", "enum text|json", "text", NULL, NULL,
	  "Words between spaces, or an object of JSON a line.", AT(access_format) },
	{ "each", "count", "1", "1..1000000", "answers",
	  "Of so many answers of a worker one has a line.", AT(access_each) },
	{ "paths", "string", "", "0..4000", "bytes",
	  "Only what is at these paths or below has lines; between spaces, as in \"/sensors /door\".",
	  AT(access_paths) },
};

static const struct config_row limits_rows[] = {
	{ "endpoints", "count", "100000", "16..10000000", "peers",
	  "Peers that something is remembered about.", AT(limits.endpoints) },
	{ "dedup", "count", "200000", "16..20000000", "answers",
	  "Answers kept to be repeated when a request arrives twice.", AT(limits.dedup) },
	{ "exchanges", "count", "20000", "16..10000000", "exchanges",
	  "Messages of ours that wait for an acknowledgement, and requests of ours "
	  "that wait for a response.", AT(limits.exchanges) },
	{ "waiting", "count", "20000", "16..10000000", "requests",
	  "Requests that wait within a module.", AT(limits.waiting) },
	{ "tasks", "count", "1000", "16..10000000", "tasks",
	  "Tasks that modules began by themselves, beside the requests that wait.",
	  AT(limits.tasks) },
	{ "jobs", "count", "32", "1..4096", "jobs",
	  "Jobs of modules that run or wait for a thread, in each worker: this one is not "
	  "divided among slots.  Each takes up to 64 KiB.", AT(limits.jobs) },
	{ "messages", "count", "20000", "16..10000000", "messages",
	  "Stored messages too large for the small kind, of 1.5 KiB each.",
	  AT(limits.messages) },
	{ "fetches", "count", "1000", "1..1000000", "requests",
	  "Requests that modules make of other servers, and observations of theirs, at a "
	  "time; about 3 KiB each.", AT(limits.fetches) },
	{ "answers-per-endpoint", "count", "8", "1..1000000", "answers",
	  "Answers kept for one peer in any case; beyond that a fast one pushes out only its own.",
	  AT(limits.answers_per_endpoint) },
	{ "answers-lent", "count", "50", "0..90", "per cent",
	  "Of the answers in all, as many as are lent: until they are taken a peer may have more "
	  "than its `answers-per-endpoint`, up to 16384.", AT(limits.answers_lent) },
	{ "exchanges-per-endpoint", "count", "256", "1..1000000", "exchanges",
	  "Exchanges of either kind, waiting or our own, that one peer may have.",
	  AT(limits.exchanges_per_endpoint) },
	{ "token-length", "count", "1024", "8..1024", "bytes",
	  "The longest token that is accepted; more than 8 are extended tokens "
	  "(RFC 8974).", AT(limits.token_length) },
	{ "assemblies", "count", "4096", "1..1000000", "bodies",
	  "Bodies of requests that are coming in blocks, and replies kept to be fetched "
	  "in blocks, at a time.",
	  AT(limits.assemblies) },
	{ "assemblies-per-endpoint", "count", "8", "1..1000000", "bodies",
	  "Those that one peer may have.", AT(limits.assemblies_per_endpoint) },
	{ "observers", "count", "50000", "0..10000000", "observers",
	  "Clients that are told of changes (RFC 7641), counted once for each resource they "
	  "observe.", AT(limits.observers) },
	{ "observers-per-endpoint", "count", "256", "1..1000000", "observers",
	  "Those that one peer may have.", AT(limits.observers_per_endpoint) },
	{ "representations", "count", "10000", "0..10000000", "representations",
	  "Different requests that are observed: clients that ask for the same share one.",
	  AT(limits.representations) },
	{ "verified", "count", "16384", "16..10000000", "addresses",
	  "Addresses that have been proved to be their senders' own, of 8 bytes each, where "
	  "transmission.amplification is not 0; one more pushes out another.",
	  AT(limits.verified) },
	{ "bodies", "count", "256", "1..100000", "bodies",
	  "Bodies longer than 64 KiB that are kept at a time.", AT(limits.bodies) },
	{ "body-size", "size", "8MiB", "64KiB..1GiB", NULL,
	  "The longest body of a request where the mount does not say another body-size; "
	  "longer ones are answered 4.13 (Request Entity Too Large).  Address space is "
	  "reserved for limits.bodies of the longest.", AT(limits.body_size) },
	{ "body-memory", "size", "128MiB", "1MiB..1024GiB", NULL,
	  "Memory that all bodies may hold together.  It is taken as they come and given "
	  "back as they go.", AT(limits.body_memory) },
};

static const struct config_row transmission_rows[] = {
	{ "ack-timeout", "duration", "2s", "10ms..1m", NULL,
	  "ACK_TIMEOUT: the least time until a message is sent again.  Below 1s only "
	  "where round trips are known to be short.", AT(transmission.ack_timeout_ms) },
	{ "ack-random-factor", "ratio", "1.5", "1..4", NULL,
	  "ACK_RANDOM_FACTOR: the first time-out is up to this many times longer.",
	  AT(transmission.ack_random_factor) },
	{ "max-retransmit", "count", "4", "0..10", "times",
	  "MAX_RETRANSMIT: how often a message is sent again.",
	  AT(transmission.max_retransmit) },
	{ "nstart", "count", "1", "1..64", "exchanges",
	  "NSTART: how many exchanges of ours are under way with one peer at a time.",
	  AT(transmission.nstart) },
	{ "ack-delay", "duration", "200ms", "0..10s", NULL,
	  "How long a confirmable request that waits goes without its empty "
	  "acknowledgement.  An answer within that time travels with it.",
	  AT(transmission.ack_delay_ms) },
	{ "max-latency", "duration", "100s", "100ms..1h", NULL,
	  "MAX_LATENCY: how long a datagram may be under way.  How long duplicates are "
	  "recognised follows from it.", AT(transmission.max_latency_ms) },
	{ "processing-delay", "duration", "2s", "0..1m", NULL,
	  "PROCESSING_DELAY: how long a peer may take until it acknowledges.",
	  AT(transmission.processing_delay_ms) },
	{ "block-size", "enum 16|32|64|128|256|512|1024", "1024", NULL, NULL,
	  "The largest block of a body that we send or ask for, in bytes (RFC 7959).",
	  AT(transmission.block_size) },
	{ "body-timeout", "duration", "247s", "1s..1d", NULL,
	  "How long a body that comes in blocks, or a reply that is fetched in blocks, "
	  "may wait for the next of them.",
	  AT(transmission.body_timeout_ms) },
	{ "observe-confirm", "count", "16", "1..1000", "notifications",
	  "Of those who registered non-confirmably, every which notification is confirmable, "
	  "so that who is gone is found out (RFC 7641, section 4.5).",
	  AT(transmission.observe_confirm) },
	{ "observe-pause", "duration", "3s", "0..1h", NULL,
	  "How long a client is left alone after a non-confirmable notification, however many "
	  "resources it observes; what changes meanwhile is told then, one after the other (RFC "
	  "7641, section 4.5.1).  0: as fast as they change.",
	  AT(transmission.observe_pause_ms) },
	{ "amplification", "count", "0", "0..1000", "times",
	  "How many times as long as a request its answer may be, as long as nobody has proved that "
	  "the sender's address is its own: otherwise anybody can have long answers sent to "
	  "somebody else (RFC 7252, section 11.3).  What is longer, and the beginning of an "
	  "observation, is answered 4.01 (Unauthorized) with an Echo option; who repeats the "
	  "request with that is believed for a day, and so are all who share the address "
	  "(RFC 9175, section 2.4).  Answers to requests that change something are not "
	  "held back.  0: no limit.  3 is for servers that can be reached from the Internet; "
	  "clients that know no Echo can then read nothing long.",
	  AT(transmission.amplification) },
};

static const struct config_row control_rows[] = {
	{ "socket", "string", "", "0..100", "bytes",
	  "Its path; none: there is no socket.  Only root and the user of coapd can open it.  "
	  "When empty, control in $RUNTIME_DIRECTORY if a service manager gives one, else in "
	  "the private directory that runtime-directory tells of; coapctl looks for it in "
	  "both.", AT(control_socket) },
	{ "connections", "count", "16", "1..1000", "connections",
	  "How many may be open at a time.  A new one takes the place of one that asks "
	  "nothing.", AT(control_connections) },
	{ "timeout", "duration", "10s", "100ms..1h", NULL,
	  "How long a request may take from its first byte to its last, and how long nothing "
	  "of an answer may be taken, until the connection is ended.",
	  AT(control_timeout_ms) },
};

static const struct config_row mount_rows[] = {
	{ "module", "string", NULL, "1..64", "bytes",
	  "The module's name: small letters, digits, \"-\" and \"_\".",
	  offsetof(struct site_mount, module) },
	{ "body-size", "size or auto", "auto", "16..1GiB", NULL,
	  "The longest body of a request to what is mounted here; longer ones are answered "
	  "4.13 (Request Entity Too Large).  auto is limits.body-size.  It may be more than "
	  "that: what all bodies take together is limits.body-memory in any case, and a "
	  "module that takes bodies part by part keeps none in memory.",
	  offsetof(struct site_mount, body_size) },
	{ "link", "section", "", NULL, NULL,
	  "Attributes of the link in /.well-known/core (RFC 6690).", 0 },
};

static const struct config_row link_rows[] = {
	{ "title", "string", "", "0..255", "bytes",
	  "What the resource is, for people.", offsetof(struct site_link, title) },
	{ "rt", "string", "", "0..255", "bytes",
	  "Resource types, separated by spaces.", offsetof(struct site_link, rt) },
	{ "if", "string", "", "0..255", "bytes",
	  "Interface descriptions, separated by spaces.",
	  offsetof(struct site_link, iface) },
	{ "ct", "uints", "", "0..65535", NULL,
	  "Numbers of the content formats it has, separated by spaces.",
	  offsetof(struct site_link, ct) },
	{ "sz", "uints", "", NULL, "bytes",
	  "How long its representation may be, if that is more than fits one message.",
	  offsetof(struct site_link, sz) },
	{ "obs", "bool", "false", NULL, NULL,
	  "Whether observing it is worth while.", offsetof(struct site_link, obs) },
};

static const struct config_row host_rows[] = {
	{ "aliases", "string", "", "0..4000", "bytes",
	  "Further names of the host, separated by spaces.", offsetof(struct site_host, aliases) },
	{ "listen", "listen", "", NULL, NULL,
	  "Listeners of this host alone, as the site's.  What comes to them is for it, whatever "
	  "host it names, and nothing else is.", 0 },
	{ "resources", "resources", "", NULL, NULL,
	  "What the host serves, as the site's.", 0 },
};

const struct schema_section schema_site[] = {
	{ "", top_rows, COUNT(top_rows) },
	{ "log", log_rows, COUNT(log_rows) },
	{ "access-log", access_rows, COUNT(access_rows) },
	{ "limits", limits_rows, COUNT(limits_rows) },
	{ "transmission", transmission_rows, COUNT(transmission_rows) },
	{ "control", control_rows, COUNT(control_rows) },
};

const size_t schema_site_count = COUNT(schema_site);

const struct schema_section schema_mount = { "", mount_rows, COUNT(mount_rows) };
const struct schema_section schema_host = { "host", host_rows, COUNT(host_rows) };
const struct schema_section schema_link = { "link", link_rows, COUNT(link_rows) };

const struct schema_section *schema_site_find(const char *name)
{
	for (size_t i = 0; i < schema_site_count; i++)
		if (strcmp(schema_site[i].name, name) == 0)
			return &schema_site[i];
	return NULL;
}
