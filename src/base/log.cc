#include "base/log.h"

#include <spdlog/async.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <memory>

namespace transom {
namespace {

constexpr std::size_t kQueueLines = 8192;

std::atomic<LogLevel> current_level{LogLevel::none};
std::shared_ptr<spdlog::details::thread_pool> writer;
std::shared_ptr<spdlog::logger> logger;

spdlog::level::level_enum spdlog_level(LogLevel level) {
  switch (level) {
    case LogLevel::none:
      return spdlog::level::off;
    case LogLevel::error:
      return spdlog::level::err;
    case LogLevel::warn:
      return spdlog::level::warn;
    case LogLevel::info:
      return spdlog::level::info;
    case LogLevel::debug:
      return spdlog::level::debug;
    case LogLevel::trace:
      return spdlog::level::trace;
  }
  return spdlog::level::info;
}

}  // namespace

void log_start(LogLevel level) {
  writer = std::make_shared<spdlog::details::thread_pool>(kQueueLines, 1);
  logger = std::make_shared<spdlog::async_logger>("transom", std::make_shared<spdlog::sinks::stderr_color_sink_mt>(),
                                                  writer, spdlog::async_overflow_policy::overrun_oldest);
  logger->set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %^%-5l%$ %v");
  logger->flush_on(spdlog::level::trace);
  log_set_level(level);
}

void log_stop() {
  current_level.store(LogLevel::none, std::memory_order_relaxed);
  writer.reset();  // writes what is queued and joins the writer thread, which uses the logger until then
  logger.reset();
}

void log_set_level(LogLevel level) {
  current_level.store(level, std::memory_order_relaxed);
  if (logger) logger->set_level(spdlog_level(level));
}

bool log_enabled(LogLevel level) {
  return level != LogLevel::none && level <= current_level.load(std::memory_order_relaxed);
}

void log_write(LogLevel level, std::string_view line) {
  if (logger) logger->log(spdlog_level(level), "{}", log_safe(line, 4096));
}

std::string log_safe(std::string_view text, std::size_t limit) {
  std::string safe;
  safe.reserve(std::min(text.size(), limit));
  for (const char character : text.substr(0, limit)) {
    const auto octet = static_cast<unsigned char>(character);
    if (octet < 0x20 || octet == 0x7f) {
      safe += fmt::format("\\x{:02x}", octet);
    } else {
      safe += character;
    }
  }
  if (text.size() > limit) safe += "...";
  return safe;
}

}  // namespace transom
