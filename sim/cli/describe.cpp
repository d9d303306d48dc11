#include "sim/cli/describe.h"

#include <fmt/format.h>

namespace pensim {
namespace {

std::vector<const CLI::App*> shown_subcommands(const CLI::App& app) {
  return app.get_subcommands([](const CLI::App* command) { return !command->get_group().empty(); });
}

std::vector<const CLI::Option*> shown_options(const CLI::App& app, bool positional) {
  return app.get_options([positional](const CLI::Option* option) {
    return !option->get_group().empty() && option->nonpositional() != positional;
  });
}

// "--jobs", "-j", without the values that a flag such as "!--no-always" carries
std::vector<std::string> names(const CLI::Option& option) {
  std::vector<std::string> all;
  for (const std::string& name : option.get_lnames()) all.push_back("--" + name);
  for (const std::string& name : option.get_snames()) all.push_back("-" + name);
  return all;
}

bool takes_value(const CLI::Option& option) { return option.get_items_expected_max() > 0; }

// The choices of an option whose type says "TEXT:{all,failed,none}"; none if it takes anything.
std::vector<std::string> choices(const CLI::Option& option) {
  const std::string type = option.get_type_name();
  const std::size_t begin = type.find('{'), end = type.rfind('}');
  if (begin == std::string::npos || end == std::string::npos || end < begin) return {};
  return CLI::detail::split(type.substr(begin + 1, end - begin - 1), ',');
}

std::string roff(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\')
      out += "\\e";
    else if (c == '-')
      out += "\\-";
    else
      out += c;
  }
  return !out.empty() && (out.front() == '.' || out.front() == '\'') ? "\\&" + out : out;
}

std::string value_name(const CLI::Option& option) {
  const std::vector<std::string> known = choices(option);
  if (!known.empty()) return CLI::detail::join(known, "|");
  const std::string type = option.get_type_name();
  return type.empty() || type.find_first_of(":{ ") != std::string::npos ? "VALUE" : type;
}

std::string positional(const CLI::Option& option) {
  std::string name = option.get_name(true);
  for (char& c : name) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  const std::string text = "\\fI" + roff(name) + "\\fR" + (option.get_items_expected_max() > 1 ? "..." : "");
  return option.get_required() ? text : "[" + text + "]";
}

std::string option_entry(const CLI::Option& option) {
  std::vector<std::string> bold;
  for (const std::string& name : names(option)) bold.push_back("\\fB" + roff(name) + "\\fR");
  std::string text = ".TP\n" + CLI::detail::join(bold, ", ");
  if (takes_value(option)) text += " \\fI" + roff(value_name(option)) + "\\fR";
  text += "\n" + roff(option.get_description());
  if (!option.get_default_str().empty() && takes_value(option))
    text += fmt::format(" (default: {})", roff(option.get_default_str()));
  return text + "\n";
}

std::string command_section(const CLI::App& command, const std::string& program) {
  std::string text = fmt::format(".SS \\fB{} {}\\fR", roff(program), roff(command.get_name()));
  const std::vector<const CLI::Option*> positionals = shown_options(command, true);
  for (const CLI::Option* option : positionals) text += " " + positional(*option);
  text += "\n" + roff(command.get_description()) + "\n";
  for (const CLI::Option* option : positionals)
    if (!option->get_description().empty())
      text += fmt::format(".TP\n{}\n{}\n", positional(*option), roff(option->get_description()));
  for (const CLI::Option* option : shown_options(command, false))
    if (option != command.get_help_ptr()) text += option_entry(*option);
  return text;
}

constexpr const char* closing = R"(.SH EXIT STATUS
.TP
.B 0
every run passes, or recordings are equal
.TP
.B 1
a requirement fails, or recordings differ
.TP
.B 2
bad input: every problem is printed, nothing was run
.TP
.B 3
a fault of the firmware: crash, hang, exit
.TP
.B 4
no verdict: an invalid requirement, or an internal error (simulator, disk, killed process)
.SH ENVIRONMENT
.TP
.B PENSIM_CORES
folders, separated by colons, in which firmware cores are looked up by name
.TP
.B PENSIM_CATALOG
folder of the catalog, in place of the installed one
.TP
.B PENSIM_SHARE
folder of the installed data, in place of share/pensim beside the program
)";

// "pensim - runs ..." without the name
std::string purpose(const CLI::App& app) {
  const std::string text = app.get_description(), prefix = app.get_name() + " - ";
  return text.rfind(prefix, 0) == 0 ? text.substr(prefix.size()) : text;
}

std::string join_names(const CLI::App& command) {
  std::string words;
  for (const CLI::Option* option : shown_options(command, false))
    for (const std::string& name : names(*option)) words += (words.empty() ? "" : " ") + name;
  return words;
}

}  // namespace

std::string manual_page(const CLI::App& app, const std::string& version) {
  const std::string program = app.get_name();
  std::string text =
      fmt::format(".TH {} 1 \"\" \"{} {}\" \"User Commands\"\n", roff(program), roff(program), roff(version));
  text += fmt::format(".SH NAME\n{} \\- {}\n", roff(program), roff(purpose(app)));
  text += fmt::format(".SH SYNOPSIS\n.B {}\n\\fICOMMAND\\fR [\\fIARGUMENT\\fR]...\n.SH OPTIONS\n", roff(program));
  for (const CLI::Option* option : shown_options(app, false)) text += option_entry(*option);
  text += ".SH COMMANDS\n";
  for (const CLI::App* command : shown_subcommands(app)) text += command_section(*command, program);
  text += closing;
  if (!app.get_footer().empty()) text += ".SH EXAMPLE\n" + roff(app.get_footer()) + "\n";
  return text;
}

std::string bash_completion(const CLI::App& app) {
  const std::string program = app.get_name();
  std::string commands, values, options;
  for (const CLI::App* command : shown_subcommands(app)) {
    const std::string& name = command->get_name();
    commands += (commands.empty() ? "" : " ") + name;
    options += fmt::format("        {}) words='{}' ;;\n", name, join_names(*command));
    for (const CLI::Option* option : shown_options(*command, false)) {
      const std::vector<std::string> known = choices(*option);
      for (const std::string& spelled : known.empty() ? std::vector<std::string>{} : names(*option))
        values += fmt::format("      '{} {}') words='{}' ;;\n", name, spelled, CLI::detail::join(known, " "));
    }
  }
  return fmt::format(R"(# bash completion of {0}; made by its build
_{0}() {{
  local cur=${{COMP_WORDS[COMP_CWORD]}} words=''
  if [ "$COMP_CWORD" -eq 1 ]; then
    words='{1} {2}'
  else
    case "${{COMP_WORDS[1]}} ${{COMP_WORDS[COMP_CWORD - 1]}}" in
{3}      *)
        [ "${{cur#-}}" = "$cur" ] || case "${{COMP_WORDS[1]}}" in
{4}        esac
        ;;
    esac
  fi
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}}
complete -o default -F _{0} {0}
)",
                     program, commands, join_names(app), values, options);
}

}  // namespace pensim
