#include "tools/eval/slurm.h"

#include <inttypes.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

/* A word of the shell, whatever is in it. */
static void print_quoted(struct kaon_out *out, const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                "0123456789_./,:=+@%-";
    if (*word && word[strspn(word, plain)] == '\0') {
        kaon_out_printf(out, "%s", word);
        return;
    }
    kaon_out_printf(out, "'");
    for (; *word; word++)
        kaon_out_printf(out, *word == '\'' ? "'\\''" : "%c", *word);
    kaon_out_printf(out, "'");
}

/* This program: nodes may have another one, or none, in their PATH. */
static void print_program(struct kaon_out *out)
{
    char path[PATH_MAX];
    const ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
    path[n > 0 ? n : 0] = '\0';
    print_quoted(out, n > 0 ? path : "kaon");
}

static void print_option(struct kaon_out *out, const char *name, const char *value)
{
    kaon_out_printf(out, " --%s", name);
    if (value) {
        kaon_out_printf(out, " ");
        print_quoted(out, value);
    }
}

/* What of the command is for the merge. */
static void print_merge(struct kaon_out *out, const struct eval_options *o)
{
    kaon_out_printf(out, " merge ");
    print_quoted(out, o->out);
    if (o->report)
        print_option(out, "report", o->report);
    for (size_t i = 0; i < o->plots.n; i++)
        print_option(out, "plots", o->plots.word[i]);
    for (size_t i = 0; i < o->plot_formats.n; i++)
        print_option(out, "plot-formats", o->plot_formats.word[i]);
    if (o->no_plots)
        print_option(out, "no-plots", NULL);
    if (o->details)
        print_option(out, "details", NULL);
    /* one that was put back may find files of its own */
    kaon_out_printf(out, o->force ? " --force" : " ${SLURM_RESTART_COUNT:+--force}");
}

/* What environment and files have set here, which a node may not have. */
static void print_configured(struct kaon_out *out, const json_t *configured, const char *without)
{
    size_t i, k;
    json_t *row, *value;
    json_array_foreach(configured, i, row)
    {
        const char *name = json_string_value(json_object_get(row, "option"));
        if (!strcmp(name, without))
            continue;
        json_array_foreach(json_object_get(row, "values"), k, value)
        {
            kaon_out_printf(out, " --%s=", name);
            print_quoted(out, json_string_value(value));
        }
    }
}

void kaon_eval_slurm_print(struct kaon_out *out, int argc, char **argv,
                           const struct eval_options *o)
{
    const int64_t parts = o->slurm_script;
    static const char option[] = "--slurm-script";
    kaon_out_printf(out,
                    "#!/bin/sh\n"
                    "# Submits %" PRId64 " parts of an evaluation, and their merge when all are "
                    "done. Options of sbatch\n# (account, time, memory) go into ARGUMENTS.\n"
                    "set -eu\nfolder=",
                    parts);
    print_quoted(out, o->out);
    kaon_out_printf(out,
                    "\nmkdir -p \"$folder\"\n"
                    "array=$(sbatch --parsable --job-name=kaon --array=0-%" PRId64
                    " --requeue --open-mode=append \\\n"
                    "    --output=\"$folder/shard-%%a.log\" ${ARGUMENTS:-} <<'KAON_END'\n"
                    "#!/bin/sh\nexec ",
                    parts - 1);
    print_program(out);
    for (int i = 0; i < argc; i++) {
        if (!strcmp(argv[i], option)) {
            i++;
            continue;
        }
        if (!strncmp(argv[i], option, sizeof option - 1) && argv[i][sizeof option - 1] == '=')
            continue;
        kaon_out_printf(out, " ");
        print_quoted(out, argv[i]);
        if (i == 0)
            print_configured(out, o->common.configured, option + 2);
    }
    kaon_out_printf(
        out,
        " --shard \"$SLURM_ARRAY_TASK_ID/%" PRId64 "\"\nKAON_END\n)\n"
        "echo \"${array%%%%;*}\"\n"
        "sbatch --parsable --job-name=kaon-merge --dependency=\"afterok:${array%%%%;*}\" "
        "--kill-on-invalid-dep=yes \\\n"
        "    --open-mode=append --output=\"$folder/merge.log\" ${ARGUMENTS:-} "
        "<<'KAON_END'\n#!/bin/sh\nexec ",
        parts);
    print_program(out);
    print_merge(out, o);
    kaon_out_printf(out, "\nKAON_END\n");
}
