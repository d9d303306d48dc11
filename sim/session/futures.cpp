#include "sim/session/futures.h"

#include <unistd.h>

#include <algorithm>

namespace pensim {

Future::~Future() {
  if (control >= 0) close(control);
}

void Futures::ask(std::unique_ptr<Future> future, bool keep) {
  keep_ = keep || (pending_ && keep_);
  pending_ = std::move(future);
}

void Futures::begin() {
  if (keep_ && current_ && current_->recording.ticks() > 0) ghost_ = std::move(current_);
  current_ = std::move(pending_);
  keep_ = false;
}

void Futures::replace(std::unique_ptr<Future> begun) {
  if (current_) ghost_ = std::move(current_);
  pending_.reset();
  current_ = std::move(begun);
}

void Futures::forget() {
  keep_ = false;
  ghost_.reset();
}

void SentChanges::sent(Tick at) {
  first = first ? std::min(*first, at) : at;
  ++count;
}

void SentChanges::taken() {
  if (count > 0 && --count == 0) first.reset();
}

double CatchUp::progress(Tick now) const {
  if (!to || *to <= from) return 1.0;
  return std::clamp(static_cast<double>(now - from) / static_cast<double>(*to - from), 0.0, 1.0);
}

void CatchUp::arrive(Tick now, bool ended) {
  if (to && (now >= *to || ended)) to.reset();
}

}  // namespace pensim
