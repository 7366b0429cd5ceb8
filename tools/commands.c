#include "tools/commands.h"

#include "tools/eval/options.h"

const struct kaon_spec *const kaon_commands[] = {
    &kaon_eval_command,      &kaon_merge_command,      &kaon_info_command,
    &kaon_run_command,       &kaon_check_command,      &kaon_bench_command,
    &kaon_attention_command, &kaon_completion_command, NULL,
};

kaon_command_fn *const kaon_command_runs[] = {
    kaon_cmd_eval,  kaon_cmd_merge,     kaon_cmd_info,       kaon_cmd_run, kaon_cmd_check,
    kaon_cmd_bench, kaon_cmd_attention, kaon_cmd_completion, NULL,
};
