#include "tools/eval/gnuplot.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

enum kaon_status kaon_eval_gnuplot_begin(struct eval_gnuplot *g, struct kaon_msg *msg)
{
    const int fd = memfd_create("kaon", MFD_CLOEXEC);
    g->script = fd < 0 ? NULL : fdopen(fd, "w+");
    if (g->script)
        return KAON_OK;
    if (fd >= 0)
        close(fd);
    return kaon_cli_fail(msg, KAON_IO, "no script for gnuplot: %s", strerror(errno));
}

void kaon_eval_gnuplot_abandon(struct eval_gnuplot *g)
{
    if (g->script)
        fclose(g->script);
    g->script = NULL;
}

/* In single quotes gnuplot knows no escapes but a doubled quote. */
void kaon_eval_gnuplot_text(FILE *script, const char *text)
{
    fputc('\'', script);
    for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
        if (*c == '\'')
            fputc('\'', script);
        fputc(*c < ' ' || *c == 127 ? '?' : *c, script);
    }
    fputc('\'', script);
}

/* The first line that gnuplot complains with. */
static void read_complaint(int fd, char *text, size_t room)
{
    size_t length = 0;
    char c;
    bool ended = false;
    while (read(fd, &c, 1) == 1) { /* to the end, or gnuplot would wait for a reader */
        ended = ended || (c == '\n' && length > 0);
        if (!ended && c != '\n' && length + 1 < room)
            text[length++] = c;
    }
    text[length] = '\0';
}

/* Starts gnuplot with the script as its input; 0 or an errno value. */
static int start(pid_t *child, int script, int output, int complaints)
{
    char *const arguments[] = { (char[]){ "gnuplot" }, (char[]){ "--default-settings" },
                                (char[]){ "-" }, NULL };
    posix_spawn_file_actions_t actions;
    int error = posix_spawn_file_actions_init(&actions);
    if (error)
        return error;
    posix_spawn_file_actions_adddup2(&actions, script, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, complaints, STDERR_FILENO);
    error = posix_spawnp(child, arguments[0], &actions, NULL, arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    return error;
}

/* All of a file in memory, with a zero behind it; NULL if that fails. */
static char *contents(int fd)
{
    struct stat st;
    char *text = fstat(fd, &st) == 0 ? malloc((size_t)st.st_size + 1) : NULL;
    size_t at = 0;
    while (text && at < (size_t)st.st_size) {
        const ssize_t n = pread(fd, text + at, (size_t)st.st_size - at, (off_t)at);
        if (n <= 0)
            break;
        at += (size_t)n;
    }
    if (text)
        text[at] = '\0';
    return text;
}

enum kaon_status kaon_eval_gnuplot_run(struct eval_gnuplot *g, char **printed, bool *missing,
                                       struct kaon_msg *msg)
{
    char complaint[256] = "";
    int pipes[2], end = 0;
    pid_t child = -1;
    *missing = false;
    *printed = NULL;
    const int output = memfd_create("kaon", MFD_CLOEXEC);
    if (output < 0 || fflush(g->script) != 0 || lseek(fileno(g->script), 0, SEEK_SET) != 0 ||
        pipe2(pipes, O_CLOEXEC) != 0) {
        kaon_eval_gnuplot_abandon(g);
        if (output >= 0)
            close(output);
        return kaon_cli_fail(msg, KAON_IO, "gnuplot cannot be given its script: %s",
                             strerror(errno));
    }
    const int error = start(&child, fileno(g->script), output, pipes[1]);
    close(pipes[1]);
    if (!error) {
        read_complaint(pipes[0], complaint, sizeof complaint);
        while (waitpid(child, &end, 0) < 0 && errno == EINTR)
            ;
        *printed = contents(output);
    }
    close(pipes[0]);
    close(output);
    kaon_eval_gnuplot_abandon(g);
    *missing = error == ENOENT;
    if (error)
        return kaon_cli_fail(msg, KAON_IO, "gnuplot cannot be started: %s", strerror(error));
    if (!*printed)
        return kaon_cli_fail(msg, KAON_NO_MEMORY, "what gnuplot drew cannot be kept");
    if (!WIFEXITED(end) || WEXITSTATUS(end) != 0) {
        free(*printed);
        *printed = NULL;
        return kaon_cli_fail(msg, KAON_IO, "gnuplot failed: %s", complaint);
    }
    return KAON_OK;
}
