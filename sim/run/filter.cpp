#include "sim/run/filter.h"

#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <regex>

#include "sim/input/input_error.h"
#include "sim/platform/file.h"
#include "sim/platform/process.h"

namespace pensim {
namespace {

constexpr std::size_t longest = 1000;

// One character per text, '1' for a match; or "!" and what is wrong with the expression.
std::string answer(const std::string& expression, const std::vector<std::string>& texts) {
  try {
    const std::regex compiled(expression, std::regex::ECMAScript | std::regex::optimize);
    std::string marks;
    for (const std::string& text : texts) marks += std::regex_search(text, compiled) ? '1' : '0';
    return marks;
  } catch (const std::regex_error& error) {
    return std::string("!") + error.what();
  }
}

std::string answer_of_child(const std::string& expression, const std::vector<std::string>& texts, int limit_s) {
  const Pipe pipe = make_pipe();
  const pid_t pid = fork_child();
  if (pid == 0) {
    const rlimit limit{static_cast<rlim_t>(limit_s), static_cast<rlim_t>(limit_s)};
    const rlimit none{0, 0};
    setrlimit(RLIMIT_CPU, &limit);
    setrlimit(RLIMIT_CORE, &none);
    write_all(pipe.write_end, answer(expression, texts));
    _exit(0);
  }
  close(pipe.write_end);
  const std::string text = read_to_end(pipe.read_end);
  close(pipe.read_end);
  wait_for(pid);
  return text;
}

}  // namespace

std::vector<bool> filtered(const std::string& expression, const std::vector<std::string>& texts, int limit_s) {
  const auto refuse = [&](const std::string& what, const std::string& help) {
    throw InputError(InputProblem{{"--filter", 0, 0}, fmt::format("'{:.60}' {}", expression, what), help});
  };
  if (expression.size() > longest) refuse("is too long", fmt::format("at most {} characters", longest));
  const std::string marks = answer_of_child(expression, texts, limit_s);
  if (marks.starts_with('!'))
    refuse("is no regular expression: " + marks.substr(1), "ECMAScript syntax, e.g. 'hall|stall'");
  if (marks.size() != texts.size())
    refuse(fmt::format("takes longer than {} s to match", limit_s), "no repetition within a repetition, as in (a+)+");
  std::vector<bool> matches;
  for (const char mark : marks) matches.push_back(mark == '1');
  return matches;
}

}  // namespace pensim
