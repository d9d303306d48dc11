// counted_cost.h - what the calls of a core's handlers took in an emulated run with counted time, so that a native run
// of the same core can take as long.
//
// As text, a line each; # begins a comment:
//   core NAME                 pen_port.name
//   clock HZ                  of the cycles below
//   handler interrupt N NAME  of pen_port.interrupts; `handler task N NAME` of pen_port.tasks; the name is for readers
//   CYCLES xTIMES             of the next calls of that handler since the start of the run, in order
// xTIMES may be left out. Calls beyond the last line take as long as the longest: a single line is the cost of all.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

struct PenPort;

namespace pensim {

struct CountedCost {
  struct Calls {
    std::uint32_t cycles = 0, times = 1;
    bool operator==(const Calls&) const = default;
  };
  struct Handler {
    bool task = false;  // else an interrupt
    std::uint32_t index = 0;
    std::string name;
    std::vector<Calls> calls;
    bool operator==(const Handler&) const = default;
  };
  std::string core;
  std::uint32_t clock_Hz = 0;
  std::vector<Handler> handlers;
  bool operator==(const CountedCost&) const = default;
};

struct CountedCostError {
  int line = 0, column = 0;  // from 1; line 0: none
  std::string text;
};

// The first thing that is wrong with the text; nothing of `to` counts then.
CountedCostError read_counted_cost(const std::string& text, CountedCost& to);
std::string counted_cost_text(const CountedCost& cost);
// "" if the costs are this core's.
std::string counted_cost_refusal(const CountedCost& cost, const PenPort& port);

void add_call(CountedCost::Handler& handler, std::uint32_t cycles);

// The cost of each call in its turn.
class CountedCalls {
 public:
  CountedCalls(const CountedCost& cost, const PenPort& port);
  // Nanoseconds; `handler`: interrupts of the port, then its tasks.
  std::uint32_t next_ns(std::uint32_t handler);
  // A handler whose calls have been used up, once; "" if there is none.
  std::string take_used_up();
  const std::string& name(std::uint32_t handler) const { return of_[handler].name; }

 private:
  struct Of {
    std::string name;
    std::vector<CountedCost::Calls> calls;
    std::size_t at = 0;
    std::uint32_t used = 0, longest = 0;
    bool over = false, told = false;
  };
  std::vector<Of> of_;
  std::uint32_t clock_Hz_;
};

}  // namespace pensim
