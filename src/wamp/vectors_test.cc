// The test vectors of the WAMP specification, where they are at hand: ../shared/wamp-vectors beside the checkout.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "wamp/options.h"
#include "wamp/wamp_testing.h"

namespace transom::wamp {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

// The test runs in the checkout's root.
const fs::path kFolder = fs::path("..") / "shared" / "wamp-vectors" / "singlemessage";

std::vector<std::pair<std::string, json>> samples() {
  std::vector<std::pair<std::string, json>> out;
  if (!fs::exists(kFolder)) return out;
  for (const auto& entry : fs::recursive_directory_iterator(kFolder)) {
    if (entry.path().extension() != ".json") continue;
    std::ifstream file(entry.path());
    const json content = json::parse(file);
    for (const json& sample : content.at("samples")) {
      out.emplace_back(entry.path().stem().string() + ": " + sample.at("description").get<std::string>(), sample);
    }
  }
  return out;
}

#define SKIP_WITHOUT_VECTORS() \
  if (!fs::exists(kFolder)) GTEST_SKIP() << "no WAMP test vectors at " << kFolder

// What was decoded, in words that are alike for all serializations.
json describe(SerializerId serializer, const Message& message) {
  auto tree = [&](ByteSpan raw) { return raw.empty() ? json("absent") : decode_value(serializer, raw).value(); };
  return {{"type", static_cast<int>(message.type)},
          {"request", message.request},
          {"id", message.id},
          {"request_type", static_cast<int>(message.request_type)},
          {"uri", message.uri},
          {"signature", message.signature},
          {"details", tree(message.details)},
          {"args", tree(message.payload.args)},
          {"kwargs", tree(message.payload.kwargs)}};
}

// The message once more, by Encoder.
std::string encode_again(SerializerId to, const Message& m, SerializerId from) {
  Buffer out;
  auto encoder = [&](std::size_t fields) { return Encoder(to, out, m.type, fields, m.payload); };
  switch (m.type) {
    case MessageType::hello:
      encoder(2).text(m.uri).raw(from, m.details).finish();
      break;
    case MessageType::welcome:
      encoder(2).id(m.id).raw(from, m.details).finish();
      break;
    case MessageType::abort:
    case MessageType::goodbye:
      encoder(2).raw(from, m.details).text(m.uri).finish();
      break;
    case MessageType::challenge:
      encoder(2).text(m.uri).raw(from, m.details).finish();
      break;
    case MessageType::authenticate:
      encoder(2).text(m.signature).raw(from, m.details).finish();
      break;
    case MessageType::error:
      encoder(4).id(static_cast<Id>(m.request_type)).id(m.request).raw(from, m.details).text(m.uri).finish();
      break;
    case MessageType::publish:
    case MessageType::subscribe:
    case MessageType::call:
    case MessageType::register_:
      encoder(3).id(m.request).raw(from, m.details).text(m.uri).finish();
      break;
    case MessageType::event:
    case MessageType::invocation:
      encoder(3).id(m.request).id(m.id).raw(from, m.details).finish();
      break;
    case MessageType::cancel:
    case MessageType::interrupt:
    case MessageType::result:
    case MessageType::yield:
      encoder(2).id(m.request).raw(from, m.details).finish();
      break;
    case MessageType::unsubscribed:
    case MessageType::unregistered:
    case MessageType::event_received:
      encoder(1).id(m.request).finish();
      break;
    default:
      encoder(2).id(m.request).id(m.id).finish();
  }
  return std::string(out.text());
}

TEST(Vectors, DecodeAlikeAndEncodeToOneOfThem) {
  SKIP_WITHOUT_VECTORS();
  int variants = 0;
  for (const auto& [name, sample] : samples()) {
    if (!sample.contains("serializers")) continue;
    SCOPED_TRACE(name);
    json first;
    for (SerializerId serializer : kAllSerializers) {
      std::vector<std::string> all;
      for (const json& variant : sample["serializers"].value(serializer_info(serializer).name, json::array())) {
        all.push_back(from_hex(variant.at("bytes_hex").get<std::string>()));
      }
      bool matched = false;
      for (const std::string& octets : all) {
        ++variants;
        Message message;
        Status status = decode(serializer, as_bytes(octets), false, message);
        ASSERT_TRUE(status) << status.error().message;
        json decoded = describe(serializer, message);
        if (first.is_null()) first = decoded;
        EXPECT_EQ(decoded, first);
        EXPECT_EQ(decoded["type"], sample["expected_attributes"]["message_type"]);
        for (SerializerId to : kAllSerializers) {
          std::string again = encode_again(to, message, serializer);

          matched = matched || (to == serializer && std::find(all.begin(), all.end(), again) != all.end());
          Message back;
          ASSERT_TRUE(decode(to, as_bytes(again), false, back));
          EXPECT_EQ(describe(to, back), first);
        }
      }
      EXPECT_TRUE(matched) << "the encoder writes none of the variants";
    }
  }
  EXPECT_GT(variants, 100);
}

// Decodes, then reads the options as the receiver of the message would.
std::string verdict(SerializerId serializer, const json& wmsg) {
  std::string octets = oracle_encode(serializer, wmsg);
  Message message;
  Status status = decode(serializer, as_bytes(octets), false, message);
  if (!status) return status.error().message;
  auto error = [](const auto& result) { return result ? std::string() : result.error().message; };
  switch (message.type) {
    case MessageType::publish:
      return error(read_publish_options(serializer, message.details));
    case MessageType::subscribe:
      return error(read_match_options(serializer, message.details));
    case MessageType::event:
      return error(read_event_details(serializer, message.details));
    default:
      return "the test does not know this message type";
  }
}

TEST(Vectors, Validation) {
  SKIP_WITHOUT_VECTORS();
  int seen = 0;
  for (const auto& [name, sample] : samples()) {
    if (!sample.contains("wmsg")) continue;
    ++seen;
    for (SerializerId serializer : kAllSerializers) {
      std::string error = verdict(serializer, sample["wmsg"]);
      if (sample.contains("expected_error")) {
        std::string option = "\"" + sample["expected_error"]["contains"].get<std::string>() + "\"";
        EXPECT_NE(error.find(option), std::string::npos) << name << ": " << error;
      } else {
        EXPECT_EQ(error, "") << name;
      }
    }
  }
  EXPECT_GT(seen, 50);
}

}  // namespace
}  // namespace transom::wamp
