// describe.h - the manual page and the completion of bash, made from the same description of the command line that
// reads it, so that neither can miss an option. Subcommands and options of an unnamed group are hidden, as in --help.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace pensim {

// pensim(1) as roff: the program's description, each subcommand with its positionals and options, exit codes,
// environment.
std::string manual_page(const CLI::App& app, const std::string& version);

// A file for /usr/share/bash-completion/completions: subcommands, their options, the values of options that name their
// choices;
// files otherwise.
std::string bash_completion(const CLI::App& app);

}  // namespace pensim
