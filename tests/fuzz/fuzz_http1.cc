// Feeds HTTP/1.1 requests whole and chopped at places the input chooses: what comes out must be the same.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "wire/http1_parser.h"

namespace {

using namespace transom;
using wire::Http1Limits;
using wire::Http1Parser;

std::string describe(Http1Parser& parser, const Http1Limits& limits) {
  const wire::Http1Request& request = parser.request();
  if (request.target.size() > limits.max_target || request.headers.size() > limits.max_fields + 1 ||
      request.body.size() > limits.max_body) {
    std::abort();
  }
  std::string text = request.method + " " + request.target + " " + std::to_string(request.minor) +
                     (request.keep_alive ? " keep" : "") + (request.upgrade ? " upgrade" : "") + "\n";
  for (const auto& [name, value] : request.headers) {
    if (name.find_first_of("\r\n: ") != std::string::npos || value.find_first_of("\r\n") != std::string::npos)
      std::abort();
    text += name + ":" + value + "\n";
  }
  return text + request.body + "\n";
}

std::string run(ByteSpan input, ByteSpan cuts, const Http1Limits& limits) {
  Http1Parser parser(limits);
  std::string log;
  std::size_t cut = 0;
  while (!input.empty()) {
    std::size_t count = cuts.empty() ? input.size() : cuts[cut++ % cuts.size()] % 32u + 1u;
    count = std::min(count, input.size());
    const std::string piece(as_text(input.first(count)));
    std::size_t consumed = 0;
    const auto state = parser.feed(as_bytes(piece), consumed);
    if (consumed > count || parser.lenient_flags() != 0) std::abort();
    if (state == Http1Parser::State::failed) {
      if (parser.error_status() < 400 || parser.error_text().empty()) std::abort();
      return log + std::to_string(parser.error_status()) + parser.error_text();
    }
    if (state == Http1Parser::State::need_more && consumed != count) std::abort();
    input = input.subspan(consumed);
    if (state == Http1Parser::State::need_more) continue;
    log += describe(parser, limits);
    parser.reset();
  }
  return log + (parser.head_complete() ? "body" : "more");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 5) return 0;
  Http1Limits limits;
  if ((data[0] & 1) != 0) limits = {120, 40, 4, 30};
  const ByteSpan cuts(data + 1, 3), input(data + 4, size - 4);
  const std::string whole = run(input, {}, limits);
  const std::uint8_t one[1] = {0};
  if (run(input, cuts, limits) != whole || run(input, one, limits) != whole) {
    std::fprintf(stderr, "whole and chopped feeding differ\n");
    std::abort();
  }
  return 0;
}
