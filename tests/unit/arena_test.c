/* engine/base/arena.c */
#include "engine/base/arena.h"
#include "tests/support/support.h"

struct fixture {
    struct test_allocator allocator;
    struct kaon_arena arena;
};

static int open_fixture(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    test_allocator_open(&f->allocator, 0, 0);
    kaon_arena_open(&f->arena, &f->allocator.self, 1024);
    *state = f;
    return 0;
}

static int close_fixture(void **state)
{
    struct fixture *f = *state;
    kaon_arena_close(&f->arena);
    const size_t left = f->allocator.blocks;
    free(f);
    return left ? -1 : 0;
}

static void nothing_is_allocated_before_the_first_push(void **state)
{
    struct fixture *f = *state;
    kaon_arena_reset(&f->arena);
    kaon_arena_release(&f->arena, kaon_arena_mark(&f->arena));
    assert_int_equal(f->allocator.calls, 0);
    assert_int_equal(kaon_arena_bytes(&f->arena), 0);
    assert_int_equal(kaon_arena_used(&f->arena), 0);
}

static void pushes_are_aligned_and_do_not_overlap(void **state)
{
    struct fixture *f = *state;
    unsigned char *p[100];
    for (size_t i = 0; i < 100; i++) {
        p[i] = kaon_arena_push(&f->arena, i * 7);
        assert_non_null(p[i]);
        assert_int_equal((uintptr_t)p[i] % 64, 0);
        memset(p[i], (int)i, i * 7);
    }
    for (size_t i = 0; i < 100; i++)
        for (size_t k = 0; k < i * 7; k++)
            assert_int_equal(p[i][k], i);
}

static void pushes_of_no_bytes_differ(void **state)
{
    struct fixture *f = *state;
    void *a = kaon_arena_push(&f->arena, 0), *b = kaon_arena_push(&f->arena, 0);
    assert_non_null(a);
    assert_ptr_not_equal(a, b);
}

static void zeroed_memory_is_zero_though_it_was_used(void **state)
{
    struct fixture *f = *state;
    memset(kaon_arena_push(&f->arena, 500), 0xff, 500);
    kaon_arena_reset(&f->arena);
    const unsigned char *p = kaon_arena_push_zero(&f->arena, 50, 10);
    for (size_t i = 0; i < 500; i++)
        assert_int_equal(p[i], 0);
}

static void sizes_that_overflow_give_null(void **state)
{
    struct fixture *f = *state;
    assert_null(kaon_arena_push(&f->arena, SIZE_MAX));
    assert_null(kaon_arena_push(&f->arena, SIZE_MAX - 100));
    assert_null(kaon_arena_push_zero(&f->arena, SIZE_MAX / 2, 3));
    assert_null(kaon_arena_push_zero(&f->arena, (size_t)1 << 32, (size_t)1 << 32));
    assert_false(kaon_arena_reserve(&f->arena, SIZE_MAX - 64));
    assert_non_null(kaon_arena_push(&f->arena, 10));
}

static void release_gives_back_what_was_pushed_since_the_mark(void **state)
{
    struct fixture *f = *state;
    char *kept = kaon_arena_push(&f->arena, 100);
    strcpy(kept, "kept");
    const struct kaon_arena_mark mark = kaon_arena_mark(&f->arena);
    const size_t used = kaon_arena_used(&f->arena);
    char *first = kaon_arena_push(&f->arena, 200);
    for (size_t i = 0; i < 20; i++)
        memset(kaon_arena_push(&f->arena, 3000), 1, 3000);
    kaon_arena_release(&f->arena, mark);
    assert_int_equal(kaon_arena_used(&f->arena), used);
    assert_ptr_equal(kaon_arena_push(&f->arena, 200), first);
    assert_string_equal(kept, "kept");
}

static void a_mark_of_an_empty_arena_empties_it(void **state)
{
    struct fixture *f = *state;
    const struct kaon_arena_mark mark = kaon_arena_mark(&f->arena);
    for (size_t i = 0; i < 10; i++)
        kaon_arena_push(&f->arena, 1000);
    kaon_arena_release(&f->arena, mark);
    assert_int_equal(kaon_arena_used(&f->arena), 0);
}

static void a_second_round_allocates_nothing(void **state)
{
    struct fixture *f = *state;
    for (size_t i = 0; i < 50; i++)
        kaon_arena_push(&f->arena, 100 * i);
    const size_t calls = f->allocator.calls, bytes = kaon_arena_bytes(&f->arena);
    kaon_arena_reset(&f->arena);
    for (size_t i = 0; i < 50; i++)
        memset(kaon_arena_push(&f->arena, 100 * i), 2, 100 * i);
    assert_int_equal(f->allocator.calls, calls);
    assert_int_equal(kaon_arena_bytes(&f->arena), bytes);
}

static void reserved_memory_is_there_in_one_piece(void **state)
{
    struct fixture *f = *state;
    kaon_arena_push(&f->arena, 700);
    assert_true(kaon_arena_reserve(&f->arena, 100000));
    const size_t calls = f->allocator.calls;
    for (size_t i = 0; i < 100; i++)
        assert_non_null(kaon_arena_push(&f->arena, 960));
    assert_int_equal(f->allocator.calls, calls);
}

static void text_is_copied_with_its_end(void **state)
{
    struct fixture *f = *state;
    assert_string_equal(kaon_arena_push_text(&f->arena, "abcdef", 3), "abc");
    assert_string_equal(kaon_arena_push_text(&f->arena, NULL, 0), "");
}

static void want_of_memory_is_told_and_leaves_the_arena_whole(void **state)
{
    struct fixture *f = *state;
    char *p = kaon_arena_push(&f->arena, 10);
    f->allocator.fail_at = f->allocator.calls + 1;
    assert_null(kaon_arena_push(&f->arena, 5000));
    assert_non_null(kaon_arena_push(&f->arena, 10));
    memset(p, 0, 10);
    assert_non_null(kaon_arena_push(&f->arena, 5000));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_fixture, close_fixture)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(nothing_is_allocated_before_the_first_push),
        TEST(pushes_are_aligned_and_do_not_overlap),
        TEST(pushes_of_no_bytes_differ),
        TEST(zeroed_memory_is_zero_though_it_was_used),
        TEST(sizes_that_overflow_give_null),
        TEST(release_gives_back_what_was_pushed_since_the_mark),
        TEST(a_mark_of_an_empty_arena_empties_it),
        TEST(a_second_round_allocates_nothing),
        TEST(reserved_memory_is_there_in_one_piece),
        TEST(text_is_copied_with_its_end),
        TEST(want_of_memory_is_told_and_leaves_the_arena_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
