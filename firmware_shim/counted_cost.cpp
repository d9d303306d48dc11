#include "firmware_shim/counted_cost.h"

#include <algorithm>
#include <charconv>
#include <string_view>

#include "firmware_shim/pen_port.h"

namespace pensim {
namespace {

constexpr std::uint32_t clock_low_Hz = 100'000, clock_high_Hz = 1'000'000'000, most_cycles = 1'000'000'000;

struct Word {
  std::string_view text;
  int column = 0;
};

std::vector<Word> words_of(std::string_view line) {
  std::vector<Word> words;
  line = line.substr(0, line.find('#'));
  for (std::size_t at = 0; (at = line.find_first_not_of(" \t\r", at)) != std::string_view::npos;) {
    const std::size_t end = std::min(line.find_first_of(" \t\r", at), line.size());
    words.push_back({line.substr(at, end - at), static_cast<int>(at) + 1});
    at = end;
  }
  return words;
}

bool whole(std::string_view text, std::uint32_t low, std::uint32_t high, std::uint32_t& to) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), to);
  return error == std::errc() && end == text.data() + text.size() && to >= low && to <= high;
}

std::string shown(const Word& word) { return "'" + std::string(word.text.substr(0, 40)) + "'"; }

// A word too few or too many: where, and what was expected.
CountedCostError not_so_many(const std::vector<Word>& words, std::size_t count, const char* expected) {
  if (words.size() > count) return {0, words[count].column, "found " + shown(words[count]) + " behind " + expected};
  return {0, words.back().column + static_cast<int>(words.back().text.size()), std::string("expected ") + expected};
}

CountedCostError read_handler(const std::vector<Word>& words, CountedCost& to) {
  constexpr const char* form = "`handler task N NAME` or `handler interrupt N NAME`";
  if (words.size() < 3 || words.size() > 4) return not_so_many(words, 4, form);
  CountedCost::Handler handler;
  handler.task = words[1].text == "task";
  if (!handler.task && words[1].text != "interrupt")
    return {0, words[1].column, std::string("expected ") + form + ", found " + shown(words[1])};
  if (!whole(words[2].text, 0, 59, handler.index))
    return {0, words[2].column, "expected a number of the port's table, 0 to 59, found " + shown(words[2])};
  if (words.size() == 4) handler.name = words[3].text;
  for (const CountedCost::Handler& other : to.handlers)
    if (other.task == handler.task && other.index == handler.index)
      return {0, words[1].column, "this handler stands further up already"};
  to.handlers.push_back(std::move(handler));
  return {};
}

CountedCostError read_calls(const std::vector<Word>& words, CountedCost& to) {
  if (to.handlers.empty())
    return {0, words[0].column, "expected `core`, `clock` or `handler`, found " + shown(words[0])};
  if (words.size() > 2) return not_so_many(words, 2, "`CYCLES xTIMES`");
  CountedCost::Calls calls;
  if (!whole(words[0].text, 0, most_cycles, calls.cycles))
    return {0, words[0].column, "expected a number of cycles, 0 to 1000000000, found " + shown(words[0])};
  if (words.size() == 2 && (words[1].text[0] != 'x' || !whole(words[1].text.substr(1), 1, ~0u, calls.times)))
    return {0, words[1].column, "expected xTIMES, such as x12, found " + shown(words[1])};
  to.handlers.back().calls.push_back(calls);
  return {};
}

CountedCostError read_line(const std::vector<Word>& words, CountedCost& to) {
  if (words[0].text == "handler") return read_handler(words, to);
  if (words[0].text == "core") {
    if (words.size() != 2) return not_so_many(words, 2, "`core NAME`");
    to.core = words[1].text;
    return {};
  }
  if (words[0].text == "clock") {
    if (words.size() != 2) return not_so_many(words, 2, "`clock HZ`");
    if (!whole(words[1].text, clock_low_Hz, clock_high_Hz, to.clock_Hz))
      return {0, words[1].column, "expected a clock of 100000 to 1000000000 Hz, found " + shown(words[1])};
    return {};
  }
  return read_calls(words, to);
}

std::string title(const CountedCost::Handler& handler) {
  return (handler.task ? "task " : "interrupt ") + std::to_string(handler.index) +
         (handler.name.empty() ? "" : " " + handler.name);
}

}  // namespace

CountedCostError read_counted_cost(const std::string& text, CountedCost& to) {
  to = {};
  int number = 0;
  for (std::size_t at = 0; at < text.size(); ++number) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::vector<Word> words = words_of(std::string_view(text).substr(at, end - at));
    at = end + 1;
    if (words.empty()) continue;
    if (CountedCostError error = read_line(words, to); !error.text.empty()) {
      error.line = number + 1;
      return error;
    }
  }
  const auto missing = [&](const char* what) { return CountedCostError{std::max(number, 1), 1, what}; };
  if (to.core.empty()) return missing("found no `core NAME`");
  if (to.clock_Hz == 0) return missing("found no `clock HZ`");
  if (to.handlers.empty()) return missing("found no `handler`");
  for (const CountedCost::Handler& handler : to.handlers)
    if (handler.calls.empty()) return missing("a handler has no line of cycles");
  return {};
}

std::string counted_cost_text(const CountedCost& cost) {
  std::string text =
      "# Cycles of each call of the handlers of a core, counted by an emulated run (docs/emulated.md).\ncore " +
      cost.core + "\nclock " + std::to_string(cost.clock_Hz) + "\n";
  for (const CountedCost::Handler& handler : cost.handlers) {
    if (handler.calls.empty()) continue;
    text += "handler " + title(handler) + "\n";
    for (const CountedCost::Calls& calls : handler.calls)
      text += std::to_string(calls.cycles) + (calls.times == 1 ? "\n" : " x" + std::to_string(calls.times) + "\n");
  }
  return text;
}

std::string counted_cost_refusal(const CountedCost& cost, const PenPort& port) {
  if (port.name && cost.core != port.name) return "the costs are those of " + cost.core + ", the core is " + port.name;
  for (const CountedCost::Handler& handler : cost.handlers)
    if (handler.index >= (handler.task ? port.task_count : port.interrupt_count))
      return "the costs name " + title(handler) + ", which the port of the core does not have";
  return "";
}

void add_call(CountedCost::Handler& handler, std::uint32_t cycles) {
  if (!handler.calls.empty() && handler.calls.back().cycles == cycles)
    ++handler.calls.back().times;
  else
    handler.calls.push_back({cycles, 1});
}

CountedCalls::CountedCalls(const CountedCost& cost, const PenPort& port) : clock_Hz_(cost.clock_Hz) {
  of_.resize(port.interrupt_count + port.task_count);
  for (const CountedCost::Handler& handler : cost.handlers) {
    Of& of = of_[handler.index + (handler.task ? port.interrupt_count : 0u)];
    of.name = title(handler);
    of.calls = handler.calls;
    for (const CountedCost::Calls& calls : of.calls) of.longest = std::max(of.longest, calls.cycles);
  }
}

std::uint32_t CountedCalls::next_ns(std::uint32_t handler) {
  if (handler >= of_.size()) return 0;
  Of& of = of_[handler];
  while (of.at < of.calls.size() && of.used == of.calls[of.at].times) {
    ++of.at;
    of.used = 0;
  }
  std::uint32_t cycles = of.longest;
  if (of.at < of.calls.size()) {
    cycles = of.calls[of.at].cycles;
    ++of.used;
  } else {
    of.over = of.calls.size() > 1 || (of.calls.size() == 1 && of.calls[0].times > 1);
  }
  return static_cast<std::uint32_t>(
      std::min<std::uint64_t>(std::uint64_t{cycles} * 1'000'000'000u / clock_Hz_, 4'000'000'000u));
}

std::string CountedCalls::take_used_up() {
  for (Of& of : of_) {
    if (!of.over || of.told) continue;
    of.told = true;
    return of.name;
  }
  return "";
}

}  // namespace pensim
