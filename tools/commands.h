/* The commands: argv[0] is the command's name; returns the program's exit status. */
#ifndef KAON_TOOLS_COMMANDS_H
#define KAON_TOOLS_COMMANDS_H

typedef int kaon_command_fn(int argc, char **argv);

kaon_command_fn kaon_cmd_eval;
kaon_command_fn kaon_cmd_merge;
kaon_command_fn kaon_cmd_info;
kaon_command_fn kaon_cmd_run;
kaon_command_fn kaon_cmd_check;
kaon_command_fn kaon_cmd_bench;

#endif
