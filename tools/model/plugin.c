#include "tools/model/plugin.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include "tools/cli/fail.h"

/* A name without a slash is a file of this folder: nothing is looked for elsewhere. */
static void *open_object(const char *file)
{
    const int how =
        RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE; /* its functions stay when it is closed */
    if (strchr(file, '/'))
        return dlopen(file, how);
    char *path = malloc(strlen(file) + 3);
    if (!path)
        return NULL;
    memcpy(path, "./", 3);
    strcat(path, file);
    void *object = dlopen(path, how);
    free(path);
    return object;
}

static enum kaon_status load(const struct kaon_attention_plugin **to, const char *file,
                             struct kaon_msg *msg)
{
    void *object = open_object(file);
    if (!object) {
        const char *why = dlerror();
        return kaon_cli_fail(msg, KAON_BAD_ARGUMENT, "attention plug-in %s", why ? why : file);
    }
    *to = dlsym(object, "kaon_attention_plugin");
    dlclose(object);
    if (!*to)
        return kaon_cli_fail(msg, KAON_BAD_ARGUMENT,
                             "attention plug-in %s: it exports no kaon_attention_plugin", file);
    struct kaon_msg why = { "" };
    const enum kaon_status st = kaon_attention_plugin_check(*to, &why);
    return st == KAON_OK ? st : kaon_cli_fail(msg, st, "%s: %s", file, why.text);
}

enum kaon_status kaon_plugins_load(struct kaon_plugins *plugins, const struct kaon_words *files,
                                   struct kaon_msg *msg)
{
    enum kaon_status st = KAON_OK;
    *plugins = (struct kaon_plugins){ 0 };
    if (!files->n)
        return KAON_OK;
    plugins->at = calloc(files->n, sizeof *plugins->at);
    if (!plugins->at)
        return kaon_cli_fail(msg, KAON_NO_MEMORY, "no memory for %zu plug-ins", files->n);
    for (; plugins->n < files->n && st == KAON_OK; plugins->n++)
        st = load(&plugins->at[plugins->n], files->word[plugins->n], msg);
    return st;
}

void kaon_plugins_free(struct kaon_plugins *plugins)
{
    free(plugins->at);
}
