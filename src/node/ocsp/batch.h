// The certificates that wait for their first staples together.
#pragma once
#include <cstdint>
#include <memory>
#include <vector>

#include "node/ocsp/check.h"

namespace transom::node {

/// Counts down as checks end, on the loop's thread; the subjects may be read on any. The wait for it is bounded: longer
/// for certificates that no client takes without a staple.
class OcspBatch {
 public:
  static constexpr std::int64_t kBoundMs = 3'000;
  static constexpr std::int64_t kMustStapleBoundMs = 10'000;

  explicit OcspBatch(std::vector<std::shared_ptr<const OcspSubject>> subjects);
  /// Those without a staple at hand.
  const std::vector<std::shared_ptr<const OcspSubject>>& subjects() const { return subjects_; }

  void arrived(const OcspSubject& subject);
  /// True: nothing is waited for any more, `waited_ms` after the beginning.
  bool over(std::int64_t waited_ms) const;
  /// When to look again.
  static std::int64_t next_look_ms(std::int64_t waited_ms) {
    return (waited_ms < kBoundMs ? kBoundMs : kMustStapleBoundMs) - waited_ms;
  }

 private:
  const std::vector<std::shared_ptr<const OcspSubject>> subjects_;
  std::size_t waiting_ = 0, must_staple_waiting_ = 0;
};

}  // namespace transom::node
