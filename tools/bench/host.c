#include "tools/bench/host.h"

#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>
#include <xmmintrin.h>

#include "engine/base/cpu.h"
#include "tools/cli/json.h"

static void read_file(char *word, size_t room, const char *path)
{
    FILE *f = fopen(path, "r");
    snprintf(word, room, "unknown");
    if (!f)
        return;
    if (fgets(word, (int)room, f))
        word[strcspn(word, "\n")] = 0;
    fclose(f);
}

/* The core, if the program may run on one only. */
static int pinned_core(void)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) != 0 || CPU_COUNT(&set) != 1)
        return -1;
    int core = 0;
    while (!CPU_ISSET(core, &set))
        core++;
    return core;
}

/* "always [madvise] never" is madvise. */
static void keep_the_bracketed(char *word)
{
    const char *from = strchr(word, '['), *to = from ? strchr(from, ']') : NULL;
    if (!to)
        return;
    const size_t n = (size_t)(to - from - 1);
    memmove(word, from + 1, n);
    word[n] = 0;
}

static void read_turbo(char *word, size_t room)
{
    read_file(word, room, "/sys/devices/system/cpu/intel_pstate/no_turbo");
    if (strcmp(word, "unknown") != 0) {
        snprintf(word, room, "%s", word[0] == '1' ? "off" : "on");
        return;
    }
    read_file(word, room, "/sys/devices/system/cpu/cpufreq/boost");
    if (strcmp(word, "unknown") != 0)
        snprintf(word, room, "%s", word[0] == '1' ? "on" : "off");
}

static void read_smt(char *word, size_t room)
{
    read_file(word, room, "/sys/devices/system/cpu/smt/active");
    if (strcmp(word, "unknown") != 0)
        snprintf(word, room, "%s", word[0] == '1' ? "on" : "off");
}

void kaon_bench_host_read(struct kaon_bench_host *h)
{
    enum { FLUSH_TO_ZERO = 0x8000, DENORMALS_ARE_ZERO = 0x40 };
    struct utsname u;
    *h = (struct kaon_bench_host){ .core = pinned_core(), .cores = sysconf(_SC_NPROCESSORS_ONLN) };
    snprintf(h->cpu, sizeof h->cpu, "%s", kaon_cpu_name());
    if (uname(&u) == 0)
        snprintf(h->kernel, sizeof h->kernel, "%s %s", u.sysname, u.release);
    read_file(h->governor, sizeof h->governor,
              "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor");
    read_turbo(h->turbo, sizeof h->turbo);
    read_smt(h->smt, sizeof h->smt);
    read_file(h->huge_pages, sizeof h->huge_pages, "/sys/kernel/mm/transparent_hugepage/enabled");
    keep_the_bracketed(h->huge_pages);
    snprintf(h->denormals, sizeof h->denormals, "%s",
             _mm_getcsr() & (FLUSH_TO_ZERO | DENORMALS_ARE_ZERO) ? "flushed" : "kept");
    snprintf(h->compiler, sizeof h->compiler, "%s", __VERSION__);
    if (kaon_cpu_bits(&h->cpu_bits, NULL) != 0)
        h->cpu_bits = 0;
}

json_t *kaon_bench_host_json(const struct kaon_bench_host *h)
{
    return json_pack("{s:o, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:i, s:i, s:s}", "cpu",
                     kaon_json_text(h->cpu), "kernel", h->kernel, "governor", h->governor, "turbo",
                     h->turbo, "smt", h->smt, "huge_pages", h->huge_pages, "denormals",
                     h->denormals, "compiler", h->compiler, "cores", (int)h->cores, "core", h->core,
                     "kaon", kaon_version());
}
