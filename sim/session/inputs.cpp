#include "sim/session/inputs.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

namespace pensim {
namespace {

bool same(const Command& a, const Command& b) {
  return a.at == b.at && a.kind == b.kind && a.name == b.name && std::memcmp(&a.value, &b.value, sizeof a.value) == 0 &&
         a.over == b.over && a.duration == b.duration && a.text == b.text;
}

}  // namespace

bool same_timeline(const std::vector<Command>& a, const std::vector<Command>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), same);
}

std::optional<Tick> first_difference(const std::vector<Command>& a, const std::vector<Command>& b) {
  const auto [x, y] = std::mismatch(a.begin(), a.end(), b.begin(), b.end(), same);
  if (x == a.end() && y == b.end()) return std::nullopt;
  if (x == a.end()) return y->at;
  if (y == b.end()) return x->at;
  return std::min(x->at, y->at);
}

void tidy(Command& c) {
  if (!kind_of(c).over) c.over = 0;
  if (!kind_of(c).lasts) c.duration = 0;
  if (c.kind != Command::Kind::poke && c.kind != Command::Kind::uart) c.text.clear();
  if (c.kind == Command::Kind::uart || c.kind == Command::Kind::reset) c.name.clear();
  if (c.kind == Command::Kind::uart || (c.kind == Command::Kind::poke && !c.text.empty())) c.value = 0.0;
  if (const FaultKind* f = c.kind == Command::Kind::fault ? find_fault(c.name) : nullptr; f && !*f->unit)
    c.value = f->magnitude;
}

std::string described(const Command& c, Nanoseconds tick_ns) {
  return fmt::format("{}{}{} at {:.9g} s", kind_of(c).name, kind_of(c).named ? " " : "", c.name,
                     seconds(c.at * tick_ns));
}

}  // namespace pensim
