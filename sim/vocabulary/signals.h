// signals.h - the one table of signals (signals.inl), as data.
#pragma once

#include <string>
#include <vector>

namespace pensim {

enum class SignalKind : unsigned char { truth, input, output };
enum class SignalPeriod : unsigned char { tick, ms, slow, stroke };
// Whose rows it is in; io: in none, since it is a function of the stored PenIn and PenOut; link: of a pen whose core is
// on a board.
enum class SignalOf : unsigned char { pen, rig, both, io, link };

struct SignalInfo {
  std::string name;
  std::string unit;  // udunits text: "m", "Hz", "1", "m/s", "count"
  SignalKind kind = SignalKind::truth;
  SignalPeriod period = SignalPeriod::tick;
  double full_scale = 1.0;
  std::string meaning;
  SignalOf of = SignalOf::pen;
};

const std::vector<SignalInfo>& signal_table();           // in the order of signals.inl
const SignalInfo* find_signal(const std::string& name);  // nullptr if there is none
// Entries for names that a scenario brings: signal_name.h.
// Throws nothing; an unknown name gives false.
bool make_signal(const std::string& name, SignalInfo& info);

}  // namespace pensim
