#include "tools/cli/complete.h"

#include <string.h>

enum kaon_complete_kind kaon_complete_kind_of(const char *argument, const char *choices)
{
    if (choices)
        return KAON_COMPLETE_WORDS;
    if (!argument)
        return KAON_COMPLETE_NOTHING;
    if (!strcmp(argument, "DIR"))
        return KAON_COMPLETE_FOLDERS;
    return strstr(argument, "FILE") || strstr(argument, "MODEL") || strstr(argument, "DIR")
               ? KAON_COMPLETE_FILES
               : KAON_COMPLETE_NOTHING;
}

/* Whether the arguments of a command may be files. */
static bool takes_files(const struct kaon_spec *spec)
{
    return kaon_complete_kind_of(spec->argument, NULL) != KAON_COMPLETE_NOTHING;
}

/* Text within single quotes of a shell; `special` are letters that take a backslash before them. */
static void print_quoted(struct kaon_out *out, const char *text, const char *special)
{
    for (; *text; text++)
        if (*text == '\'')
            kaon_out_printf(out, "'\\''");
        else if (*text == '\n')
            kaon_out_printf(out, " ");
        else
            kaon_out_printf(out, strchr(special, *text) ? "\\%c" : "%c", *text);
}

/* ---- bash: words are looked up by command and by the option before them ------------------------- */

static void bash_option(struct kaon_out *out, const char *command, const struct kaon_option *o)
{
    static const char *const take[] = {
        [KAON_COMPLETE_NOTHING] = "_kaon_nothing",
        [KAON_COMPLETE_FILES] = "_kaon_files",
        [KAON_COMPLETE_FOLDERS] = "_kaon_folders",
    };
    const enum kaon_complete_kind kind = kaon_complete_kind_of(o->argument, o->choices);
    kaon_out_printf(out, "    '%s --%s'", command, o->name);
    if (o->letter)
        kaon_out_printf(out, " | '%s -%c'", command, o->letter);
    if (kind == KAON_COMPLETE_WORDS)
        kaon_out_printf(out, ") _kaon_words '%s' ;;\n", o->choices);
    else
        kaon_out_printf(out, ") %s ;;\n", take[kind]);
}

static void bash_options(struct kaon_out *out, const struct kaon_spec *spec)
{
    kaon_out_printf(out, "    %s) _kaon_words '", spec->name);
    const char *between = "";
    for (const struct kaon_option *o = spec->options; o->name; o++) {
        if (o->kind == KAON_OPTION_HEADING)
            continue;
        kaon_out_printf(out, "%s--%s", between, o->name);
        between = " ";
    }
    kaon_out_printf(out, "' ;;\n");
}

static void bash_names(struct kaon_out *out, const struct kaon_spec *const *specs)
{
    for (; *specs; specs++)
        kaon_out_printf(out, "%s ", (*specs)->name);
}

void kaon_complete_bash(const struct kaon_spec *const *specs, struct kaon_out *out)
{
    kaon_out_printf(
        out, "# Completion of kaon for bash; made by: kaon completion bash\n"
             "_kaon_nothing() { compopt +o default 2>/dev/null; }\n"
             "_kaon_files() { :; } # what -o default does\n"
             "_kaon_folders() {\n"
             "    compopt -o filenames 2>/dev/null\n"
             "    mapfile -t COMPREPLY < <(compgen -d -- \"$cur\")\n"
             "}\n"
             "# the last word of a list with commas\n"
             "_kaon_words() {\n"
             "    local before=\n"
             "    [[ $cur == *,* ]] && before=${cur%%,*},\n"
             "    mapfile -t COMPREPLY < <(compgen -P \"$before\" -W \"$1\" -- \"${cur##*,}\")\n"
             "}\n"
             "_kaon() {\n"
             "    local cur=${COMP_WORDS[COMP_CWORD]} before=$((COMP_CWORD - 1))\n"
             "    COMPREPLY=()\n"
             "    # bash splits --name=value at the =\n"
             "    if [[ $cur == = ]]; then\n"
             "        cur=\n"
             "    elif [[ ${COMP_WORDS[before]} == = ]]; then\n"
             "        ((before--))\n"
             "    fi\n"
             "    local command=${COMP_WORDS[1]} option=${COMP_WORDS[before]}\n"
             "    if ((COMP_CWORD == 1)); then\n"
             "        _kaon_words '");
    bash_names(out, specs);
    kaon_out_printf(out, "help --help --version'\n        return\n    fi\n"
                         "    case \"$command $option\" in\n"
                         "    'help '*) _kaon_words '");
    bash_names(out, specs);
    kaon_out_printf(out, "' ; return ;;\n");
    for (const struct kaon_spec *const *s = specs; *s; s++)
        for (const struct kaon_option *o = (*s)->options; o->name; o++)
            if (o->argument)
                bash_option(out, (*s)->name, o);
    kaon_out_printf(out, "    *) false ;;\n    esac && return\n"
                         "    [[ $cur == -* ]] && case $command in\n");
    for (const struct kaon_spec *const *s = specs; *s; s++)
        bash_options(out, *s);
    kaon_out_printf(out, "    esac && return\n    case $command in\n");
    for (const struct kaon_spec *const *s = specs; *s; s++)
        if ((*s)->choices)
            kaon_out_printf(out, "    %s) %s_kaon_words '%s' ;;\n", (*s)->name,
                            takes_files(*s) ? "" : "_kaon_nothing; ", (*s)->choices);
    kaon_out_printf(out, "    esac\n}\ncomplete -o default -F _kaon kaon\n");
}

/* ---- zsh: arguments of _arguments ------------------------------------------------------------- */

static void zsh_take(struct kaon_out *out, const struct kaon_option *o)
{
    static const char *const take[] = {
        [KAON_COMPLETE_NOTHING] = " ",
        [KAON_COMPLETE_FILES] = "_files",
        [KAON_COMPLETE_FOLDERS] = "_files -/",
    };
    const enum kaon_complete_kind kind = kaon_complete_kind_of(o->argument, o->choices);
    kaon_out_printf(out, ":");
    print_quoted(out, o->argument, ":\\");
    if (kind == KAON_COMPLETE_WORDS)
        kaon_out_printf(out, o->kind == KAON_OPTION_LIST ? ":_sequence compadd - %s" : ":(%s)",
                        o->choices);
    else
        kaon_out_printf(out, ":%s", take[kind]);
}

static void zsh_option(struct kaon_out *out, const struct kaon_option *o)
{
    const bool again = o->kind == KAON_OPTION_LIST;
    kaon_out_printf(out, "        ");
    if (again)
        kaon_out_printf(out, "'*'");
    else if (o->letter)
        kaon_out_printf(out, "'(-%c --%s)'", o->letter, o->name);
    if (o->letter)
        kaon_out_printf(out, "{-%c%s,--%s%s}", o->letter, o->argument ? "+" : "", o->name,
                        o->argument ? "=" : "");
    else
        kaon_out_printf(out, "--%s%s", o->name, o->argument ? "=" : "");
    kaon_out_printf(out, "'[");
    print_quoted(out, o->help, "[]\\:");
    kaon_out_printf(out, "]");
    if (o->argument)
        zsh_take(out, o);
    kaon_out_printf(out, "' \\\n");
}

void kaon_complete_zsh(const struct kaon_spec *const *specs, struct kaon_out *out)
{
    kaon_out_printf(out,
                    "#compdef kaon\n# Completion of kaon for zsh; made by: kaon completion zsh\n"
                    "_kaon() {\n"
                    "    local -a commands=(\n");
    for (const struct kaon_spec *const *s = specs; *s; s++) {
        kaon_out_printf(out, "        '%s:", (*s)->name);
        print_quoted(out, (*s)->summary, ":\\");
        kaon_out_printf(out, "'\n");
    }
    kaon_out_printf(out, "        'help:say how a command is used'\n    )\n"
                         "    if ((CURRENT == 2)) || [[ $words[2] == help ]]; then\n"
                         "        _describe command commands\n        return\n    fi\n"
                         "    local command=$words[2]\n"
                         "    shift words\n    ((CURRENT--))\n"
                         "    case $command in\n");
    for (const struct kaon_spec *const *s = specs; *s; s++) {
        kaon_out_printf(out, "    %s)\n        _arguments -s \\\n", (*s)->name);
        for (const struct kaon_option *o = (*s)->options; o->name; o++)
            if (o->kind != KAON_OPTION_HEADING)
                zsh_option(out, o);
        kaon_out_printf(out, "        '*:");
        print_quoted(out, (*s)->argument, ":\\");
        if ((*s)->choices)
            kaon_out_printf(out, ":{ compadd - %s%s }'\n        ;;\n", (*s)->choices,
                            takes_files(*s) ? "; _files" : "");
        else
            kaon_out_printf(out, ":_files'\n        ;;\n");
    }
    kaon_out_printf(out, "    esac\n}\n"
                         "if [[ $funcstack[1] == _kaon ]]; then\n    _kaon \"$@\"\n"
                         "else # read by source\n    compdef _kaon kaon\nfi\n");
}

/* ---- fish: one line an option --------------------------------------------------------------- */

/* Backslashes and quotes take a backslash within single quotes of fish. */
static void fish_text(struct kaon_out *out, const char *text)
{
    for (; *text; text++)
        if (*text == '\n')
            kaon_out_printf(out, " ");
        else
            kaon_out_printf(out, *text == '\'' || *text == '\\' ? "\\%c" : "%c", *text);
}

static void fish_option(struct kaon_out *out, const char *command, const struct kaon_option *o)
{
    kaon_out_printf(out, "complete -c kaon -n '__fish_seen_subcommand_from %s' -l %s", command,
                    o->name);
    if (o->letter)
        kaon_out_printf(out, " -s %c", o->letter);
    if (o->argument)
        switch (kaon_complete_kind_of(o->argument, o->choices)) {
        case KAON_COMPLETE_NOTHING:
            kaon_out_printf(out, " -x");
            break;
        case KAON_COMPLETE_WORDS:
            kaon_out_printf(out, " -x -a '%s'", o->choices);
            break;
        case KAON_COMPLETE_FILES:
            kaon_out_printf(out, " -r -F");
            break;
        case KAON_COMPLETE_FOLDERS:
            kaon_out_printf(out, " -x -a '(__fish_complete_directories)'");
            break;
        }
    kaon_out_printf(out, " -d '");
    fish_text(out, o->help);
    kaon_out_printf(out, "'\n");
}

void kaon_complete_fish(const struct kaon_spec *const *specs, struct kaon_out *out)
{
    kaon_out_printf(out, "# Completion of kaon for fish; made by: kaon completion fish\n");
    for (const struct kaon_spec *const *s = specs; *s; s++) {
        kaon_out_printf(out, "complete -c kaon -f -n __fish_use_subcommand -a %s -d '", (*s)->name);
        fish_text(out, (*s)->summary);
        kaon_out_printf(out, "'\ncomplete -c kaon -f -n '__fish_seen_subcommand_from help' -a %s\n",
                        (*s)->name);
        if ((*s)->choices)
            kaon_out_printf(out, "complete -c kaon %s-n '__fish_seen_subcommand_from %s' -a '%s'\n",
                            takes_files(*s) ? "" : "-f ", (*s)->name, (*s)->choices);
        for (const struct kaon_option *o = (*s)->options; o->name; o++)
            if (o->kind != KAON_OPTION_HEADING)
                fish_option(out, (*s)->name, o);
    }
    kaon_out_printf(out, "complete -c kaon -f -n __fish_use_subcommand -a help "
                         "-d 'say how a command is used'\n");
}
