/* Writes docs/operators.md: the table of operators as the library has it, and the cases of the conformance suite
 * that do not pass, with their reasons.
 *
 *     kaon_operators NOT_PASSED.tsv */
#include "engine/base/op.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct kaon_op *ops[KAON_OP_COUNT];

/* By domain, ai.onnx first, then by name. */
static int by_name(const void *a, const void *b)
{
    const struct kaon_op *x = *(const struct kaon_op *const *)a,
                         *y = *(const struct kaon_op *const *)b;
    const int domain = strcmp(x->domain, y->domain);
    return domain ? domain : strcmp(x->name, y->name);
}

static void put_range(const int *n)
{
    if (n[1] < 0)
        printf("%d or more | ", n[0]);
    else if (n[0] == n[1])
        printf("%d | ", n[0]);
    else
        printf("%d to %d | ", n[0], n[1]);
}

static const char *how(const struct kaon_op *op)
{
    if (!op->infer)
        return "runs nested graphs";
    if (op->flags & KAON_OP_VIEW)
        return "moves nothing";
    if (op->flags & KAON_OP_EAGER)
        return "when its inputs are there";
    return op->flags & KAON_OP_OF_SHAPE ? "from shapes, while planning" : "step of a plan";
}

static void put_op(const struct kaon_op *op)
{
    printf("| %s | %d", op->name, op->since);
    if (op->until)
        printf(" to %d", op->until);
    else
        printf(" on");
    printf(" | ");
    put_range(op->n_in);
    put_range(op->n_out);
    printf("%s%s%s |\n", how(op), op->flags & KAON_OP_TEXT ? "; strings too" : "",
           op->flags & KAON_OP_RANDOM ? "; random" : "");
}

static void put_domains(size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (i == 0 || strcmp(ops[i]->domain, ops[i - 1]->domain))
            printf("\n## %s\n\n| operator | opsets | inputs | outputs | runs |\n"
                   "| --- | --- | --- | --- | --- |\n",
                   *ops[i]->domain ? ops[i]->domain : "ai.onnx");
        put_op(ops[i]);
    }
}

/* Lines of "case TAB reason"; # begins a comment. */
static int put_cases(const char *path)
{
    char line[1024];
    FILE *f = fopen(path, "re");
    if (!f) {
        perror(path);
        return 1;
    }
    while (fgets(line, sizeof line, f)) {
        char *reason = strchr(line, '\t');
        if (*line == '#' || !reason)
            continue;
        *reason++ = 0;
        reason[strcspn(reason, "\n")] = 0;
        printf("| %s | %s |\n", line, reason);
    }
    fclose(f);
    return 0;
}

int main(int argc, char **argv)
{
    size_t n = 0;
    if (argc != 2) {
        fprintf(stderr, "usage: kaon_operators NOT_PASSED.tsv\n");
        return 2;
    }
    for (int k = KAON_OP_none + 1; k < KAON_OP_COUNT; k++)
        ops[n++] = kaon_op_of((enum kaon_op_kind)k);
    qsort(ops, n, sizeof *ops, by_name);
    printf(
        "# Operators\n\n"
        "Written by `build/release/tests/operators/kaon_operators "
        "tests/conformance/not_passed.tsv`; a test compares it with this file.\n\n"
        "%zu operators. Opsets are those that the library takes an operator of; what they disagree "
        "about follows the opset that a model imports. Every operator runs on the backend `own`; "
        "`kaon info MODEL --why --backend NAME` says for each node of a model whether another "
        "backend "
        "takes it. ai.kaon is what passes make of several nodes. Functions that a model defines "
        "become "
        "their nodes while it is read. A model that needs operators which are not here is refused "
        "when "
        "it is opened, with all of them listed.\n",
        n);
    put_domains(n);
    printf("\n## Refused\n\n"
           "- Gradient of ai.onnx.preview.training: it would differentiate the graph.\n"
           "- ImageDecoder: file formats inside an operator; decode before.\n"
           "- RegexFullMatch: it wants a matcher whose time is linear in the text whatever a model "
           "asks "
           "for.\n"
           "- Sparse tensors, complex numbers, maps: ZipMap passes its tensor through.\n"
           "\n## Conformance cases and models that do not pass\n\n"
           "| case | reason |\n| --- | --- |\n");
    return put_cases(argv[1]);
}
