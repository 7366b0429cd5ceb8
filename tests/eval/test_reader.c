/* The reader against every storage form of the same jets. argv[1]: folder formats/ of the data. */
#include <stdarg.h>
#include <setjmp.h>
#include <dirent.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/eval/npz.h"
#include "tools/eval/reader.h"

static const char *folder;

static struct eval_column jet_columns[] = { { "pt_btagJes", "the test", 0 },
                                            { "eta_btagJes", "the test", 0 } };
static struct eval_column track_columns[] = {
    { "d0", "the test", 0 },
    { "z0SinTheta", "the test", 0 },
    { "dphi", "the test", 0 },
    { "deta", "the test", 0 },
    { "qOverP", "the test", 0 },
    { "IP3D_signed_d0_significance", "the test", 0 },
    { "IP3D_signed_z0_significance", "the test", 0 },
    { "phiUncertainty", "the test", 0 },
    { "thetaUncertainty", "the test", 0 },
    { "qOverPUncertainty", "the test", 0 },
    { "numberOfPixelHits", "the test", 0 },
    { "numberOfSCTHits", "the test", 0 },
    { "numberOfInnermostPixelLayerHits", "the test", 0 },
    { "numberOfNextToInnermostPixelLayerHits", "the test", 0 },
    { "numberOfInnermostPixelLayerSharedHits", "the test", 0 },
    { "numberOfInnermostPixelLayerSplitHits", "the test", 0 },
    { "numberOfPixelSharedHits", "the test", 0 },
    { "numberOfPixelSplitHits", "the test", 0 },
    { "numberOfSCTSharedHits", "the test", 0 },
};
enum { JET_FIELDS = 2, TRACK_FIELDS = 19 };
static const struct eval_column label = { "HadronConeExclTruthLabelID", "the test", 0 };
static const struct eval_set sets[] = {
    { "jets", NULL, 0, jet_columns, JET_FIELDS },
    { "tracks", "valid", 0, track_columns, TRACK_FIELDS },
};
static const char *const copied[] = { "eventNumber", "not there", "sample" };

static struct eval_query query(uint64_t limit, bool zero)
{
    return (struct eval_query){ .set = sets,
                                .n_sets = 2,
                                .number = &label,
                                .n_numbers = 1,
                                .copied = copied,
                                .n_copied = 3,
                                .limit = limit,
                                .zero_non_finite = zero };
}

/* Everything of some files, packed as in expected.npz. */
struct all {
    size_t rows, tracks;
    float jets[700][JET_FIELDS], track[5000][TRACK_FIELDS];
    int n[700];
    double label[700];
    struct eval_reader_counts counts;
    size_t notes, copied_bytes;
};

static void keep(struct all *a, const struct eval_block *b)
{
    const struct eval_part *jets = &b->part[0], *tracks = &b->part[1];
    assert_int_equal(b->first, a->rows);
    for (size_t row = 0; row < b->rows; row++, a->rows++) {
        const size_t n = (size_t)tracks->count[row];
        memcpy(a->jets[a->rows], jets->value + row * JET_FIELDS, sizeof a->jets[0]);
        memcpy(a->track[a->tracks], tracks->value + row * tracks->width * TRACK_FIELDS,
               n * sizeof a->track[0]);
        a->n[a->rows] = (int)n;
        a->label[a->rows] = b->number[row];
        a->tracks += n;
    }
}

static enum kaon_status read_files(struct all *a, const struct eval_query *q,
                                   const char *const *paths, size_t n, struct kaon_msg *msg)
{
    struct eval_reader *reader;
    struct eval_block block = { 0 };
    memset(a, 0, sizeof *a);
    enum kaon_status status = kaon_eval_reader_open(&reader, q, paths, n, msg);
    if (status)
        return status;
    do {
        status = kaon_eval_reader_next(reader, &block, msg);
        if (!status)
            keep(a, &block);
    } while (!status && block.rows > 0);
    if (!status)
        assert_int_equal(a->rows, kaon_eval_reader_rows(reader));
    a->counts = *kaon_eval_reader_counts(reader);
    while (kaon_eval_reader_note(reader, a->notes))
        a->notes++;
    a->copied_bytes = kaon_eval_reader_copied_bytes(reader);
    kaon_eval_block_close(&block);
    kaon_eval_reader_close(reader);
    return status;
}

static enum kaon_status read_one(struct all *a, const char *name, const struct eval_query *q,
                                 struct kaon_msg *msg)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/%s.h5", folder, name);
    return read_files(a, q, (const char *const[]){ path }, 1, msg);
}

struct expected {
    struct kaon_tensor jets, n, label, tracks;
};

static void load(struct expected *e)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/expected.npz", folder);
    npz_read(&e->jets, path, "jets");
    npz_read(&e->n, path, "n");
    npz_read(&e->label, path, "label");
    npz_read(&e->tracks, path, "tracks");
}

static void unload(struct expected *e)
{
    free(e->jets.data);
    free(e->n.data);
    free(e->label.data);
    free(e->tracks.data);
}

static void compare(const struct all *a, const struct expected *e, size_t first, size_t rows,
                    bool half)
{
    const float *jets = e->jets.data, *tracks = e->tracks.data;
    const int32_t *n = e->n.data, *labels = e->label.data;
    size_t skipped = 0;
    assert_int_equal(a->rows, rows);
    for (size_t i = 0; i < first; i++)
        skipped += (size_t)n[i];
    for (size_t i = 0; i < rows; i++) {
        assert_int_equal(a->n[i], n[first + i]);
        assert_int_equal((int)a->label[i], labels[first + i]);
        assert_memory_equal(a->jets[i], jets + (first + i) * JET_FIELDS, sizeof a->jets[i]);
    }
    if (!half) {
        assert_memory_equal(a->track, tracks + skipped * TRACK_FIELDS,
                            a->tracks * sizeof a->track[0]);
        return;
    }
    for (size_t i = 0; i < a->tracks * TRACK_FIELDS; i++) {
        const float want = tracks[i], got = a->track[i / TRACK_FIELDS][i % TRACK_FIELDS];
        assert_true(fabsf(got - want) <= fabsf(want) / 2048 + 0x1p-25f);
    }
}

static void every_form_gives_the_same(void **state)
{
    static const struct {
        const char *name;
        size_t first, rows;
        bool half;
        size_t notes;
    } files[] = {
        { "gzip", 0, 300, false, 0 },
        { "gzip_shuffle", 0, 300, false, 0 },
        { "lzf", 0, 300, false, 0 },
        { "zstd", 0, 300, false, 0 },
        { "lz4", 0, 300, false, 0 },
        { "lz4_blocks", 0, 300, false, 0 },
        { "none_contiguous", 0, 100, false, 0 },
        { "chunked_none", 0, 100, false, 0 },
        { "f8", 0, 300, false, 0 },
        { "big_endian", 0, 300, false, 0 },
        { "wide_ints", 0, 300, false, 0 },
        { "valid_u1", 0, 300, false, 0 },
        { "f2all", 0, 300, true, 0 },
        { "virtual", 0, 300, false, 0 },
        { "part_a", 0, 150, false, 0 },
        { "part_b", 150, 150, false, 0 },
        { "old_names", 0, 300, false, 0 },
        { "new_names", 0, 300, false, 2 },
        { "no_suffix", 0, 300, false, 2 },
        { "padding_nan", 0, 300, false, 0 },
        { "valid_gaps", 0, 300, false, 0 },
    };
    struct all *a = malloc(sizeof *a);
    struct expected e;
    const struct eval_query q = query(0, false);
    (void)state;
    assert_non_null(a);
    load(&e);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        struct kaon_msg msg = { "" };
        if (read_one(a, files[i].name, &q, &msg))
            fail_msg("%s", msg.text);
        compare(a, &e, files[i].first, files[i].rows, files[i].half);
        assert_int_equal(a->notes, files[i].notes);
        assert_int_equal(a->copied_bytes, 9);
        assert_int_equal(a->counts.non_finite, 0);
    }
    unload(&e);
    free(a);
}

/* Files that came later have their expectation here too. */
static void every_file_of_the_folder_is_tried(void **state)
{
    static const char known[] =
        " gzip gzip_shuffle lzf zstd lz4 lz4_blocks none_contiguous chunked_none f8 big_endian "
        "wide_ints valid_u1 f2all virtual part_a part_b old_names new_names no_suffix padding_nan "
        "valid_gaps empty valid_missing field_missing nan_row truncated bad_lz4 ";
    DIR *files = opendir(folder);
    (void)state;
    assert_non_null(files);
    for (struct dirent *d; (d = readdir(files));) {
        char name[300];
        const size_t length = strlen(d->d_name);
        if (length < 4 || strcmp(d->d_name + length - 3, ".h5"))
            continue;
        snprintf(name, sizeof name, " %.*s ", (int)length - 3, d->d_name);
        if (!strstr(known, name))
            fail_msg("nothing is known of%s", name);
    }
    closedir(files);
}

static void files_follow_each_other_up_to_the_limit(void **state)
{
    struct all *a = malloc(sizeof *a);
    struct expected e;
    struct kaon_msg msg = { "" };
    char one[1024], two[1024];
    const struct eval_query q = query(0, false), few = query(170, false);
    (void)state;
    assert_non_null(a);
    snprintf(one, sizeof one, "%s/part_a.h5", folder);
    snprintf(two, sizeof two, "%s/part_b.h5", folder);
    load(&e);
    assert_int_equal(read_files(a, &q, (const char *const[]){ one, two }, 2, &msg), KAON_OK);
    compare(a, &e, 0, 300, false);
    assert_int_equal(read_files(a, &few, (const char *const[]){ one, two }, 2, &msg), KAON_OK);
    compare(a, &e, 0, 170, false);
    unload(&e);
    free(a);
}

static void no_jets_are_no_error(void **state)
{
    struct all *a = malloc(sizeof *a);
    struct kaon_msg msg = { "" };
    const struct eval_query q = query(0, false);
    (void)state;
    assert_non_null(a);
    assert_int_equal(read_one(a, "empty", &q, &msg), KAON_OK);
    assert_int_equal(a->rows, 0);
    free(a);
}

static void broken_files_are_refused_with_a_sentence(void **state)
{
    static const struct {
        const char *name, *words[3];
    } files[] = {
        { "valid_missing", { "'tracks'", "'valid'", "no field" } },
        { "field_missing", { "'tracks'", "'IP3D_signed_d0_significance'", "also tried" } },
        { "nan_row", { "row 137", "'IP3D_signed_d0_significance'", "not a number" } },
        { "truncated", { "no whole HDF5 file", "", "" } },
        { "bad_lz4", { "'tracks'", "cannot be read", "" } },
    };
    struct all *a = malloc(sizeof *a);
    const struct eval_query q = query(0, false);
    (void)state;
    assert_non_null(a);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        struct kaon_msg msg = { "" };
        assert_int_equal(read_one(a, files[i].name, &q, &msg), KAON_BAD_INPUT);
        assert_non_null(strstr(msg.text, files[i].name));
        for (size_t w = 0; w < 3; w++)
            if (!strstr(msg.text, files[i].words[w]))
                fail_msg("no \"%s\" in: %s", files[i].words[w], msg.text);
    }
    free(a);
}

static void values_that_are_not_finite_are_counted(void **state)
{
    struct all *a = malloc(sizeof *a);
    struct kaon_msg msg = { "" };
    const struct eval_query q = query(0, true);
    (void)state;
    assert_non_null(a);
    assert_int_equal(read_one(a, "nan_row", &q, &msg), KAON_OK);
    assert_int_equal(a->rows, 300);
    assert_int_equal(a->counts.non_finite, 2);
    free(a);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_form_gives_the_same),
        cmocka_unit_test(every_file_of_the_folder_is_tried),
        cmocka_unit_test(files_follow_each_other_up_to_the_limit),
        cmocka_unit_test(no_jets_are_no_error),
        cmocka_unit_test(broken_files_are_refused_with_a_sentence),
        cmocka_unit_test(values_that_are_not_finite_are_counted),
    };
    folder = argc > 1 ? argv[1] : "";
    if (access(folder, R_OK)) {
        printf("skipped: no folder '%s'\n", folder);
        return 77;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
