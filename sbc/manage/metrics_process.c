/* SPDX-License-Identifier: Apache-2.0 */
#include "sbc/manage/metrics_process.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "sbc/manage/prometheus.h"

static uint64_t resident_bytes(void)
{
	char text[128];
	uint64_t pages = 0;
	int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text));

	if (fd >= 0)
		close(fd);
	if (n > 0) {
		struct str rest = {text, (size_t)n};
		str_cut(&rest, ' '); /* the whole size comes first */
		str_to_u64(str_cut(&rest, ' '), UINT64_MAX / 65536, &pages);
	}
	return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

/* Without the one that reads the directory. */
static uint64_t open_descriptors(void)
{
	uint64_t n = 0;
	DIR *d = opendir("/proc/self/fd");

	if (!d)
		return 0;
	for (struct dirent *e = readdir(d); e; e = readdir(d))
		n += e->d_name[0] != '.';
	closedir(d);
	return n ? n - 1 : 0;
}

static uint64_t cpu_us(void)
{
	struct rusage u;
	if (getrusage(RUSAGE_SELF, &u) < 0)
		return 0;
	return (uint64_t)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1000000 +
	       (uint64_t)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
}

void metrics_write_process(uint64_t started_ns, struct writer *w)
{
	struct rlimit files = {0};

	getrlimit(RLIMIT_NOFILE, &files);
	prometheus_family(w, "limen_build_info", PROMETHEUS_GAUGE, "always 1; the version is the label");
	prometheus_sample(w, "limen_build_info", "version", LIMEN_VERSION, 1);
	prometheus_seconds(w, "process_cpu_seconds_total", PROMETHEUS_COUNTER, "CPU time, user and system", cpu_us());
	prometheus_single(w, "process_resident_memory_bytes", PROMETHEUS_GAUGE, "resident memory", resident_bytes());
	prometheus_single(w, "process_open_fds", PROMETHEUS_GAUGE, "descriptors open", open_descriptors());
	prometheus_single(w, "process_max_fds", PROMETHEUS_GAUGE, "limit of descriptors", files.rlim_cur);
	prometheus_seconds(w, "process_start_time_seconds", PROMETHEUS_GAUGE, "when the process began, since 1970",
			   clock_wall_us(started_ns));
}
