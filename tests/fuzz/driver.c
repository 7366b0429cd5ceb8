/* driver CORPORA SEED TARGET=COUNT...: feeds mutated inputs to fuzz targets, without libFuzzer.
 *
 * Inputs run in children, so that a crash or a hang of one is found, reported with what repeats it
 * and does not end the others. `driver CORPORA SEED TARGET@NUMBER` runs one input here.
 * Exits with 1 if anything crashed, hung or grew; crashes inside libhdf5 are reported apart. */
#include <dlfcn.h>
#include <execinfo.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/fuzz/mutate.h"
#include "tests/fuzz/targets.h"

enum { A_CHILD = 2000, SECONDS_EACH = 20, MOST_GROWTH = 96 << 20 };

/* What a child tells about itself. */
struct told {
    volatile uint64_t number; /* of the input that runs */
    volatile int in_hdf5;     /* it crashed inside libhdf5 */
    volatile uint64_t grown;  /* bytes of memory from the first quarter of its inputs to the end */
};

/* A size that no machine has is refused by malloc, and is no finding of a sanitizer; and what it keeps of
 * freed memory is no growth. The sanitizer's library looks for this function. */
__attribute__((visibility("default"))) const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "allocator_may_return_null=1:quarantine_size_mb=8";
}

static struct told *told; /* shared; a handler of signals can be told nothing */

struct found {
    uint64_t crashes, in_hdf5, hangs, grown;
};

static uint64_t resident(void)
{
    unsigned long long all = 0, resident = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (file && fscanf(file, "%llu %llu", &all, &resident) != 2)
        resident = 0;
    if (file)
        fclose(file);
    return resident * (uint64_t)sysconf(_SC_PAGESIZE);
}

/* Whether the innermost function that is not of libc lies in libhdf5. */
static void on_crash(int signal_number)
{
    enum { DEEP = 24, OWN = 2 };
    void *frame[DEEP];
    Dl_info info;
    const int n = backtrace(frame, DEEP);
    for (int i = OWN; i < n; i++) {
        if (!dladdr(frame[i], &info) || !info.dli_fname || strstr(info.dli_fname, "libc.so") ||
            strstr(info.dli_fname, "libasan"))
            continue;
        told->in_hdf5 = strstr(info.dli_fname, "libhdf5") != NULL;
        break;
    }
    signal(signal_number, SIG_DFL);
    raise(signal_number);
}

static void limit_child(void)
{
    static const int crashes[] = { SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL };
    const struct rlimit no_core = { 0, 0 };
    void *first[1];
    setrlimit(RLIMIT_CORE, &no_core);
    backtrace(first, 1); /* loads what it needs before a handler must not */
    for (size_t i = 0; i < sizeof crashes / sizeof *crashes; i++)
        signal(crashes[i], on_crash);
}

/* Input number `number` of a seed. */
static size_t make_input(const struct kaon_fuzz_target *target, const struct kaon_corpus *corpus,
                         uint64_t seed, uint64_t number, uint8_t *to)
{
    uint64_t state = seed * 0x2545f4914f6cdd1du + number;
    if (!target->reshape || number % 3 == 0)
        return kaon_mutate(corpus, seed, number, to);
    const struct kaon_corpus_file *from = &corpus->file[kaon_fuzz_next(&state) % corpus->n];
    memcpy(to, from->data, from->size);
    return target->reshape(to, from->size, KAON_MUTANT_ROOM, kaon_fuzz_next(&state));
}

static void child(const struct kaon_fuzz_target *target, const struct kaon_corpus *corpus,
                  uint64_t seed, uint64_t first, uint64_t end)
{
    uint8_t *input = malloc(KAON_MUTANT_ROOM);
    uint64_t before = 0;
    limit_child();
    for (uint64_t i = first; input && i < end; i++) {
        told->number = i;
        alarm(SECONDS_EACH);
        uint8_t *exact; /* so that a sanitizer sees its end */
        const size_t size = make_input(target, corpus, seed, i, input);
        if ((exact = malloc(size + !size))) {
            memcpy(exact, input, size);
            target->run(exact, size);
            free(exact);
        }
        if (i == first + (end - first) / 4)
            before = resident();
    }
    const uint64_t after = resident();
    told->grown = after > before ? after - before : 0;
    free(input);
    _exit(0);
}

static void report(const struct kaon_fuzz_target *target, uint64_t seed, const char *what)
{
    printf("%s: input %llu of seed %llu %s (again: %llu %s@%llu)\n", target->name,
           (unsigned long long)told->number, (unsigned long long)seed, what,
           (unsigned long long)seed, target->name, (unsigned long long)told->number);
    fflush(stdout);
}

/* Runs inputs [first, end); returns the number of the next that is to run. */
static uint64_t run_child(const struct kaon_fuzz_target *target, const struct kaon_corpus *corpus,
                          uint64_t seed, uint64_t first, uint64_t end, struct found *found)
{
    int status = 0;
    *told = (struct told){ .number = first };
    fflush(stdout);
    const pid_t pid = fork();
    if (pid == 0)
        child(target, corpus, seed, first, end);
    if (pid < 0 || waitpid(pid, &status, 0) != pid) {
        found->crashes++;
        return end;
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
        if (told->grown > MOST_GROWTH) {
            found->grown++;
            report(target, seed, "ends a row that grows in memory");
        }
        return end;
    }
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM) {
        found->hangs++;
        report(target, seed, "hangs");
    } else if (target->in_hdf5 && told->in_hdf5) {
        found->in_hdf5++;
        report(target, seed, "crashes inside libhdf5");
    } else {
        found->crashes++;
        report(target, seed, "crashes");
    }
    return told->number + 1;
}

static const struct kaon_fuzz_target *find(const char *name, size_t length)
{
    for (const struct kaon_fuzz_target *t = kaon_fuzz_targets; t->name; t++)
        if (strlen(t->name) == length && !strncmp(t->name, name, length))
            return t;
    return NULL;
}

static int run_target(const char *corpora, uint64_t seed, const char *word)
{
    const size_t length = strcspn(word, "=@");
    const struct kaon_fuzz_target *target = find(word, length);
    char folder[1024];
    struct found found = { 0 };
    const uint64_t number = word[length] ? strtoull(word + length + 1, NULL, 10) : 0;
    if (target && target->corpus)
        snprintf(folder, sizeof folder, "%s/%s", corpora, target->corpus);
    else
        snprintf(folder, sizeof folder, "%s/%.*s", corpora, (int)length, word);
    struct kaon_corpus corpus = kaon_corpus_load(folder);
    if (!target || corpus.n == 0 || !word[length]) {
        printf("%s: no such target, or nothing in %s\n", word, folder);
        kaon_corpus_close(&corpus);
        return 1;
    }
    if (word[length] == '@') {
        uint8_t *input = malloc(KAON_MUTANT_ROOM);
        if (input)
            target->run(input, make_input(target, &corpus, seed, number, input));
        free(input);
        kaon_corpus_close(&corpus);
        return 0;
    }
    for (uint64_t i = 0; i < number;)
        i = run_child(target, &corpus, seed, i, i + A_CHILD < number ? i + A_CHILD : number,
                      &found);
    printf("%s: %llu inputs of %zu files, seed %llu: %llu crashes, %llu hangs, %llu growths",
           target->name, (unsigned long long)number, corpus.n, (unsigned long long)seed,
           (unsigned long long)found.crashes, (unsigned long long)found.hangs,
           (unsigned long long)found.grown);
    printf(target->in_hdf5 ? "; %llu crashes inside libhdf5\n" : "\n",
           (unsigned long long)found.in_hdf5);
    kaon_corpus_close(&corpus);
    return found.crashes + found.hangs + found.grown > 0;
}

int main(int argc, char **argv)
{
    int failed = 0;
    if (argc < 4) {
        fprintf(stderr, "usage: driver CORPORA SEED TARGET=COUNT...|TARGET@NUMBER\n");
        return 2;
    }
    told = mmap(NULL, sizeof *told, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (told == MAP_FAILED)
        return 1;
    for (int i = 3; i < argc; i++)
        failed |= run_target(argv[1], strtoull(argv[2], NULL, 10), argv[i]);
    return failed;
}
