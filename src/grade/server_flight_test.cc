#include "grade/server_flight.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "grade/client_hello.h"
#include "grade/grade_testing.h"

namespace transom::grade {
namespace {

using namespace test;
using ::testing::ElementsAre;
using ::testing::SizeIs;
using State = ServerFlight::State;

/// Fed whole, and octet by octet with the same end.
ServerFlight fed(const std::string& octets) {
  ServerFlight whole, pieces;
  whole.feed(as_bytes(octets));
  for (const char& octet : octets) pieces.feed(as_bytes(std::string_view(&octet, 1)));
  EXPECT_EQ(whole.state(), pieces.state());
  EXPECT_EQ(whole.hello().has_value(), pieces.hello().has_value());
  EXPECT_EQ(whole.certificates(), pieces.certificates());
  return whole;
}

std::string flight_with(const HelloParts& parts, const std::string& exchange) {
  return record(22, server_hello(parts) + certificate_message({"leaf", "issuer"}) + exchange + done_message());
}

TEST(ServerFlightTest, ReadsAnEcdheFlight) {
  HelloParts parts;
  parts.extensions = extension(0xFF01, u8(0)) + extension(23, "");
  const ServerFlight flight = fed(flight_with(parts, curve_message(0x0017)));
  EXPECT_EQ(flight.state(), State::complete);
  ASSERT_TRUE(flight.hello());
  EXPECT_EQ(flight.hello()->version, 0x0303);
  EXPECT_EQ(flight.hello()->suite, 0xC02F);
  EXPECT_TRUE(flight.hello()->renegotiation_info);
  EXPECT_FALSE(flight.hello()->retry);
  EXPECT_EQ(flight.curve(), 0x0017);
  EXPECT_EQ(flight.dh_bits(), std::nullopt);
  EXPECT_THAT(flight.certificates(), ElementsAre(Octets{'l', 'e', 'a', 'f'}, SizeIs(6)));
}

TEST(ServerFlightTest, MeasuresThePrime) {
  HelloParts parts;
  parts.suite = 0x0033;
  EXPECT_EQ(fed(flight_with(parts, dh_message(std::string(128, '\xff')))).dh_bits(), 1024);
  EXPECT_EQ(fed(flight_with(parts, dh_message(std::string(3, '\0') + std::string(64, '\x7f')))).dh_bits(), 511);
  EXPECT_EQ(fed(flight_with(parts, dh_message(""))).dh_bits(), 0);
  parts.suite = 0x0034;
  EXPECT_EQ(fed(flight_with(parts, dh_message(std::string(96, '\x80')))).dh_bits(), 768) << "anonymous too";
}

TEST(ServerFlightTest, ReadsSsl3WithoutExtensions) {
  HelloParts parts;
  parts.version = 0x0300;
  parts.suite = 0x0005;
  parts.compression = 1;
  const ServerFlight flight = fed(record(22, server_hello(parts), 0x0300) + record(22, done_message(), 0x0300));
  EXPECT_EQ(flight.state(), State::complete);
  EXPECT_EQ(flight.hello()->version, 0x0300);
  EXPECT_EQ(flight.hello()->compression, 1);
  EXPECT_FALSE(flight.hello()->renegotiation_info);
}

TEST(ServerFlightTest, Tls13EndsWithItsHello) {
  HelloParts parts;
  parts.suite = 0x1301;
  parts.extensions = extension(43, u16(0x0304)) + extension(51, u16(0x001D) + counted16(std::string(32, 'k')));
  const ServerFlight flight = fed(record(22, server_hello(parts)) + record(20, u8(1)) + record(23, "secret"));
  EXPECT_EQ(flight.state(), State::complete);
  EXPECT_EQ(flight.hello()->version, 0x0304);
  EXPECT_EQ(flight.hello()->group, 0x001D);
  EXPECT_FALSE(flight.hello()->retry);
}

TEST(ServerFlightTest, KnowsARetry) {
  HelloParts parts;
  parts.suite = 0x1302;
  parts.random =
      "\xCF\x21\xAD\x74\xE5\x9A\x61\x11\xBE\x1D\x8C\x02\x1E\x65\xB8\x91"
      "\xC2\xA2\x11\x16\x7A\xBB\x8C\x5E\x07\x9E\x09\xE2\xC8\xA8\x33\x9C";
  parts.extensions = extension(43, u16(0x0304)) + extension(51, u16(0x11EC));
  const ServerFlight flight = fed(record(22, server_hello(parts)));
  EXPECT_TRUE(flight.hello()->retry);
  EXPECT_EQ(flight.hello()->group, 0x11EC);
}

TEST(ServerFlightTest, Alerts) {
  EXPECT_EQ(fed(alert(70)).state(), State::refused);
  EXPECT_EQ(fed(alert(70)).alert(), 70);
  EXPECT_EQ(fed(alert(0, 1)).state(), State::refused) << "close_notify";
  EXPECT_EQ(fed(alert(112, 1)).state(), State::need_more) << "unrecognized_name is a warning";
  const ServerFlight warned = fed(alert(112, 1) + flight_with({}, curve_message(0x001D)));
  EXPECT_EQ(warned.state(), State::complete);
  EXPECT_EQ(fed(record(21, u8(2))).state(), State::refused) << "half an alert";
  const ServerFlight late = fed(record(22, server_hello({})) + alert(80));
  EXPECT_EQ(late.state(), State::refused);
  EXPECT_TRUE(late.hello()) << "the suite was chosen all the same";
}

TEST(ServerFlightTest, WhatIsNoTlsIsRefused) {
  for (const std::string& octets :
       {std::string("HTTP/1.1 400 Bad Request\r\n\r\n"), std::string("SSH-2.0-OpenSSH\r\n"),
        record(22, message(11, "certificate before hello")), record(22, message(2, "\x03\x03 too short")),
        record(23, "application data"), u8(22) + u16(0x0303) + u16(0xffff),
        record(22, server_hello({}) + message(11, u24(100) + "short")),
        record(22, server_hello({}) + certificate_message({"one"}) + certificate_message({"two"})),
        record(22, u8(2) + u24(0xffffff))}) {
    EXPECT_EQ(fed(octets).state(), State::refused) << octets.substr(0, 20);
  }
}

TEST(ServerFlightTest, BrokenExtensionsAreRefused) {
  for (const std::string& extensions :
       {u16(43), extension(43, "\x03"), u16(51) + u16(9) + "short", extension(0xFF01, u8(0)) + "x"}) {
    HelloParts parts;
    parts.extensions = extensions;
    const ServerFlight flight = fed(record(22, server_hello(parts)));
    EXPECT_EQ(flight.state(), State::refused);
    EXPECT_FALSE(flight.hello());
  }
}

TEST(ServerFlightTest, TakesNoMoreThanItsLimit) {
  ServerFlight flight;
  const std::string filler = record(22, std::string(1000, 'x'));
  flight.feed(as_bytes(record(22, server_hello({}) + u8(99) + u24(60'000))));
  std::size_t fed_octets = 0;
  while (flight.state() == State::need_more && fed_octets < 200'000) {
    flight.feed(as_bytes(filler));
    fed_octets += filler.size();
  }
  EXPECT_EQ(flight.state(), State::refused);
  EXPECT_LT(fed_octets, 70'000u);
}

TEST(ServerFlightTest, EveryCutWaitsOrRefuses) {
  const std::string whole = flight_with({}, curve_message(0x001D));
  for (std::size_t length = 0; length < whole.size(); ++length) {
    ServerFlight flight;
    EXPECT_EQ(flight.feed(as_bytes(std::string_view(whole).substr(0, length))), State::need_more) << length;
  }
}

TEST(Ssl2, ReadsAServerHello) {
  const std::string body = "\x04" + std::string(1, '\0') + u8(1) + u16(2) + u16(4) + u16(6) + u16(2) + "cert" +
                           std::string("\x01\x00\x80\x02\x00\x80", 6) + "id";
  const std::string octets = u16(0x8000 | body.size()) + body;
  const auto answer = parse_ssl2_answer(as_bytes(octets));
  ASSERT_TRUE(answer);
  EXPECT_THAT(answer->suites, ElementsAre(0x010080, 0x020080));
  EXPECT_THAT(answer->certificate, SizeIs(4));
  for (std::size_t length = 0; length < octets.size(); ++length) {
    EXPECT_FALSE(parse_ssl2_answer(as_bytes(std::string_view(octets).substr(0, length)))) << length;
  }
  EXPECT_FALSE(parse_ssl2_answer(as_bytes(alert(40))));
}

TEST(Hello, SaysWhatItIsTold) {
  ClientHello hello;
  hello.version = Version::tls1_3;
  hello.suites = {0x1301, 0x1302};
  hello.groups = {0x001D, 0x0017};
  hello.server_name = "example.com";
  const Buffer octets = encode(hello);
  const Offer offer = read_offer(octets.view());
  EXPECT_EQ(offer.version, 0x0304);
  EXPECT_THAT(offer.suites, ElementsAre(0x1301, 0x1302));
  EXPECT_THAT(offer.groups, ElementsAre(0x001D, 0x0017));
  EXPECT_EQ(offer.server_name, "example.com");
  EXPECT_FALSE(offer.key_share);
  hello.key_share = true;
  EXPECT_TRUE(read_offer(encode(hello).view()).key_share);
  EXPECT_EQ(octets.size(), 5u + (octets.view()[3] << 8 | octets.view()[4]));
}

TEST(Hello, OfSsl3HasNoExtensions) {
  ClientHello hello;
  hello.version = Version::ssl3;
  hello.suites = {0x0005};
  hello.groups = {0x0017};
  hello.server_name = "example.com";
  hello.offer_compression = true;
  const Buffer octets = encode(hello);
  EXPECT_EQ(octets.size(), 5u + 4 + 2 + 32 + 1 + 2 + 2 + 1 + 2);
  EXPECT_EQ(read_offer(octets.view()).version, 0x0300);
  EXPECT_TRUE(read_offer(octets.view()).compression);
}

TEST(Hello, NamesAreNoAddresses) {
  EXPECT_TRUE(is_host_name("example.com"));
  EXPECT_TRUE(is_host_name("localhost"));
  EXPECT_FALSE(is_host_name("127.0.0.1"));
  EXPECT_FALSE(is_host_name("::1"));
  EXPECT_FALSE(is_host_name(""));
}

}  // namespace
}  // namespace transom::grade
