// signals.h - the one table of signals (signals.inl), as data.
#pragma once

#include <string>
#include <vector>

namespace pensim {

enum class SignalKind : unsigned char { truth, input, output };
enum class SignalPeriod : unsigned char { tick, ms, slow, stroke };

struct SignalInfo {
  std::string name;
  std::string unit;  // udunits text: "m", "Hz", "1", "m/s", "count"
  SignalKind kind = SignalKind::truth;
  SignalPeriod period = SignalPeriod::tick;
  double full_scale = 1.0;
  std::string meaning;
};

// True for insertion.* and skin.channel_depth, which only the insertion rig has.
bool rig_only(const std::string& name);
const std::vector<SignalInfo>& signal_table();           // in the order of signals.inl
const SignalInfo* find_signal(const std::string& name);  // nullptr if there is none
// Entries for names that a scenario brings: "fw.<symbol>", "aux.<n>", "fault.<name>", "needle.<i>.force|penetration".
// Throws nothing; an unknown name gives false.
bool make_signal(const std::string& name, SignalInfo& info);

}  // namespace pensim
