#include "sim/engine/plan.h"

#include <gtest/gtest.h>

#include <set>

#include "sim/engine/sample.h"

namespace pensim {
namespace {

std::vector<SignalInfo> all_columns(const RecordingPlan& plan) {
  std::vector<SignalInfo> all;
  for (const auto* list : {&plan.tick, &plan.ms, &plan.slow, &plan.stroke})
    all.insert(all.end(), list->begin(), list->end());
  return all;
}

std::vector<std::string> extra_columns(const RecordingPlan& plan, std::size_t first) {
  std::vector<std::string> names;
  for (std::size_t i = first; i < plan.tick.size(); ++i) names.push_back(plan.tick[i].name);
  return names;
}

Command fault(const char* name) { return {0, Command::Kind::fault, name, 1.0, 0, 0, ""}; }

TEST(Plan, HasTheColumnsThatRowsAreFilledWith) {
  const RecordingPlan pen = recording_plan({});
  EXPECT_EQ(pen.kind, RecordingKind::pen);
  EXPECT_EQ(pen.tick.size(), pen_columns<SignalPeriod::tick>);
  EXPECT_EQ(pen.ms.size(), pen_columns<SignalPeriod::ms>);
  EXPECT_EQ(pen.slow.size(), pen_columns<SignalPeriod::slow>);
  EXPECT_EQ(pen.stroke.size(), pen_columns<SignalPeriod::stroke>);

  ResolvedScenario scenario;
  scenario.rig = Rig::insertion;
  const RecordingPlan rig = recording_plan(scenario);
  EXPECT_EQ(rig.kind, RecordingKind::rig);
  EXPECT_EQ(rig.tick.size(), rig_columns<SignalPeriod::tick>);
  EXPECT_EQ(rig.stroke.size(), rig_columns<SignalPeriod::stroke>);
  EXPECT_TRUE(rig.ms.empty() && rig.slow.empty());
}

TEST(Plan, NamesEachSignalOnceAndNoneThatPenInAndPenOutSay) {
  ResolvedScenario scenario;
  scenario.record.each_needle = true;
  for (const Rig rig : {Rig::pen, Rig::insertion}) {
    scenario.rig = rig;
    std::set<std::string> seen;
    for (const SignalInfo& s : all_columns(recording_plan(scenario))) {
      EXPECT_TRUE(seen.insert(s.name).second) << s.name;
      EXPECT_NE(s.of, SignalOf::io) << s.name;
      EXPECT_NE(s.of, rig == Rig::pen ? SignalOf::rig : SignalOf::pen) << s.name;
    }
  }
}

TEST(Plan, WatchesFaultsAndNeedlesFollow) {
  ResolvedScenario scenario;
  scenario.watch = {"b", "a"};
  scenario.commands = {fault("screw.jam"), fault("hall.dropout"), fault("screw.jam")};
  scenario.record.each_needle = true;
  scenario.plant.cartridge.needle_count = 2;
  const RecordingPlan plan = recording_plan(scenario);
  EXPECT_EQ(plan.needles, 2);
  EXPECT_EQ(extra_columns(plan, pen_columns<SignalPeriod::tick>),
            (std::vector<std::string>{"fw.b", "fw.a", "fault.hall.dropout", "fault.screw.jam", "needle.0.force",
                                      "needle.0.penetration", "needle.1.force", "needle.1.penetration"}));
  scenario.watch.clear();
  scenario.record.each_needle = false;
  const std::vector<std::string> faults =
      extra_columns(recording_plan(scenario, true), pen_columns<SignalPeriod::tick>);
  EXPECT_EQ(faults.size(), std::size(fault_kinds));
}

TEST(Plan, RowsOfAnotherTickStandAtTheSameInstants) {
  ResolvedScenario scenario;
  scenario.tick_ns = 100'000;
  const RecordingPlan plan = recording_plan(scenario);
  EXPECT_EQ(plan.tick_ns, 100'000);
  EXPECT_EQ(plan.ms_ticks, 10);
  EXPECT_EQ(plan.slow_ticks, 1000);
}

}  // namespace
}  // namespace pensim
