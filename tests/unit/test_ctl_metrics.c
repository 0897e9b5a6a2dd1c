#include "client/ctl_metrics.h"

#include "ctl_help.h"

TestSuite(ctl_metrics, .fini = help_end);

static void has(const char *text, const char *what)
{
	cr_expect(strstr(text, what), "\"%s\" is not in\n%s", what, text);
}

Test(ctl_metrics, all_figures_are_there)
{
	struct ctl_figures f = help_figures();
	char *text;
	size_t n;
	FILE *out = open_memstream(&text, &n);

	ctl_metrics_print(&f, out);
	fclose(out);
	has(text, "coapd_build_info{version=\"1.2\"} 1\n");
	has(text, "coapd_uptime_seconds 90061.000\n");
	has(text, "coapd_control_total{event=\"bad\"} 3\n");
	has(text, "coapd_worker_up{worker=\"0\"} 1\ncoapd_worker_up{worker=\"1\"} 0\n");
	has(text, "# HELP coapd_rx_total datagrams received\n# TYPE coapd_rx_total counter\n"
		  "coapd_rx_total{slot=\"0\",worker=\"0\"} 1000\n"
		  "coapd_rx_total{slot=\"1\",worker=\"1\"} 234\n");
	has(text, "coapd_odd_one_total{slot=\"1\",worker=\"1\"} 2\n");
	has(text, "coapd_received_total{slot=\"1\",worker=\"1\",code=\"0.02\"} 3\n");
	has(text, "coapd_answered_total{slot=\"0\",worker=\"0\",code=\"2.05\"} 6\n");
	has(text, "coapd_objects{slot=\"1\",worker=\"1\",slab=\"small bodies\"} 3\n");
	has(text, "coapd_module_total{resource=\"h/b\",module=\"block\",counter=\"stored\"} 11\n");
	has(text, "coapd_resource_deaths_total{resource=\"/bad\",module=\"lock\"} 7\n");
	has(text, "coapd_resource_closings_total{resource=\"/bad\",module=\"lock\"} 2\n");
	has(text, "coapd_resource_closed_ms{resource=\"/bad\",module=\"lock\"} 65000\n");
	has(text, "coapd_request_seconds_bucket{le=\"1e-06\"} 1\n"
		  "coapd_request_seconds_bucket{le=\"2e-06\"} 3\n"
		  "coapd_request_seconds_bucket{le=\"+Inf\"} 8\n"
		  "coapd_request_seconds_sum 0.000010000\n"
		  "coapd_request_seconds_count 8\n");
	has(text, "coapd_waited_request_seconds_bucket{le=\"2e-06\"} 1\n"
		  "coapd_waited_request_seconds_bucket{le=\"+Inf\"} 1\n"
		  "coapd_waited_request_seconds_sum 0.000001500\n");
	free(text);
	ctl_figures_end(&f);
}

Test(ctl_metrics, labels_are_escaped)
{
	help_daemon("{\"daemon\":{\"version\":\"a\\\"b\\\\c\\nd\"}}\n{\"end\":true}\n", false);
	has(help_run(CTL_OK, "metrics", NULL, NULL), "version=\"a\\\"b\\\\c\\nd\"} 1\n");
}
