#include "tools/eval/gnuplot.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <string.h>
#include <sys/mman.h>
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
static int start(pid_t *child, int script, int complaints)
{
    char *const arguments[] = { (char[]){ "gnuplot" }, (char[]){ "--default-settings" },
                                (char[]){ "-" }, NULL };
    posix_spawn_file_actions_t actions;
    int error = posix_spawn_file_actions_init(&actions);
    if (error)
        return error;
    posix_spawn_file_actions_adddup2(&actions, script, STDIN_FILENO);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, complaints, STDERR_FILENO);
    error = posix_spawnp(child, arguments[0], &actions, NULL, arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    return error;
}

enum kaon_status kaon_eval_gnuplot_run(struct eval_gnuplot *g, bool *missing, struct kaon_msg *msg)
{
    char complaint[256] = "";
    int pipes[2], end = 0;
    pid_t child = -1;
    *missing = false;
    if (fflush(g->script) != 0 || lseek(fileno(g->script), 0, SEEK_SET) != 0 ||
        pipe2(pipes, O_CLOEXEC) != 0) {
        kaon_eval_gnuplot_abandon(g);
        return kaon_cli_fail(msg, KAON_IO, "gnuplot cannot be given its script: %s",
                             strerror(errno));
    }
    const int error = start(&child, fileno(g->script), pipes[1]);
    close(pipes[1]);
    if (!error) {
        read_complaint(pipes[0], complaint, sizeof complaint);
        while (waitpid(child, &end, 0) < 0 && errno == EINTR)
            ;
    }
    close(pipes[0]);
    kaon_eval_gnuplot_abandon(g);
    *missing = error == ENOENT;
    if (error)
        return kaon_cli_fail(msg, KAON_IO, "gnuplot cannot be started: %s", strerror(error));
    if (!WIFEXITED(end) || WEXITSTATUS(end) != 0)
        return kaon_cli_fail(msg, KAON_IO, "gnuplot failed: %s", complaint);
    return KAON_OK;
}
