/* ctl_metrics.h - the figures of a coapd in the text format of Prometheus
 * (https://prometheus.io/docs/instrumenting/exposition_formats/, version 0.0.4). */
#ifndef CLIENT_CTL_METRICS_H
#define CLIENT_CTL_METRICS_H

#include "client/ctl_figures.h"

#include <stdio.h>

void ctl_metrics_print(const struct ctl_figures *f, FILE *out);

#endif
