#include "node/ocsp/schedule.h"

#include <algorithm>

namespace transom::node {
namespace {

constexpr std::int64_t kShortestPauseS = 5;
constexpr std::int64_t kFirstRetryS = 60;
constexpr std::int64_t kLongestRetryS = 3600;

/// `seconds`, up to a tenth more or less.
std::int64_t spread(std::int64_t seconds, Random& random) {
  const auto thousandths = static_cast<std::int64_t>(random.next_u64() % 201) - 100;
  return seconds + seconds * thousandths / 1000;
}

}  // namespace

std::int64_t next_refresh(std::int64_t this_update, std::int64_t good_until, std::int64_t now, Random& random) {
  const std::int64_t half = this_update + spread((good_until - this_update) / 2, random);
  const std::int64_t half_of_rest = now + spread((good_until - now) / 2, random);
  return std::max(half > now ? half : half_of_rest, now + kShortestPauseS);
}

std::int64_t next_retry(unsigned failures, std::int64_t left_s, bool urgent, std::int64_t now, Random& random) {
  const std::int64_t first = urgent ? kShortestPauseS : kFirstRetryS;
  std::int64_t pause = first << std::min(failures > 0 ? failures - 1 : 0, 10u);
  pause = std::min(pause, kLongestRetryS);
  if (left_s > 0) pause = std::min(pause, left_s / 4);
  return now + std::max(spread(pause, random), kShortestPauseS);
}

}  // namespace transom::node
