import Foundation
import Groundwork

/// Says things in one reader's language: words, numbers and instants.
struct Voice: Sendable {
    let language: Language
    let words: Words
    /// The zone in which instants are shown.
    let zone: TimeZone
    var now: Moment

    /// The text under a key.
    func callAsFunction(_ key: String) -> String {
        words.text(key, in: language)
    }

    /// The text under a key, with values put in.
    func callAsFunction(_ key: String, _ values: KeyValuePairs<String, String>) -> String {
        var text = self(key)
        // From the front, one after the other: what was put in is not looked at again.
        var said = ""
        while let open = text.firstIndex(of: "{"), let close = text[open...].firstIndex(of: "}") {
            let name = text[text.index(after: open)..<close]
            said += text[..<open]
            said += values.first { $0.key == name }?.value ?? String(text[open...close])
            text = String(text[text.index(after: close)...])
        }
        return said + text
    }

    // MARK: Numbers

    /// A number with separators between the thousands.
    func number(_ number: some BinaryInteger) -> String {
        let digits = String(number.magnitude)
        var text = ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index).isMultiple(of: 3) { text.append(",") }
            text.append(digit)
        }
        return number < 0 ? "-" + text : text
    }

    /// A number that is read at a glance: in Chinese by 万 and 亿, with what it is exactly beside it.
    func figure(_ number: Int) -> Figure {
        let exact = self.number(number)
        guard language == .chinese, number >= 10_000 else { return Figure(text: exact, exact: exact) }
        let (unit, name) = number >= 100_000_000 ? (100_000_000, "亿") : (10_000, "万")
        // Cut, not rounded: 99,999,999 is not 1 亿 yet.
        let hundredths = number / (unit / 100)
        let rest = hundredths % 100
        let fraction = rest == 0 ? "" : rest % 10 == 0 ? ".\(rest / 10)" : "." + Self.pad(rest)
        return Figure(text: "\(self.number(hundredths / 100))\(fraction)\(name)", exact: exact)
    }

    /// A share from 0 to 1 as a percentage with one decimal; only nothing is shown as 0 and the whole as 100 %.
    func percent(_ share: Double) -> String {
        if share > 0, share < 0.000_5 { return "< 0.1 %" }
        let tenths = share >= 1 ? 1_000 : min(999, max(0, Int((share * 1_000).rounded())))
        return "\(tenths / 10).\(tenths % 10) %"
    }

    /// How many a second.
    func rate(_ rate: Double) -> String {
        self("per-second", ["n": number(Int(rate.rounded()))])
    }

    /// A length of time in its two greatest units.
    func duration(_ duration: Duration) -> String {
        let milliseconds = max(0, duration.wholeMilliseconds)
        if milliseconds < 1_000 { return self("span-ms", ["n": "\(milliseconds)"]) }
        let seconds = milliseconds / 1_000
        let units: [(key: String, length: Int64)] = [
            ("span-d", 86_400), ("span-h", 3_600), ("span-m", 60), ("span-s", 1),
        ]
        let first = units.firstIndex { seconds >= $0.length } ?? 3
        let head = self(units[first].key, ["n": number(seconds / units[first].length)])
        guard first < 3 else { return head }
        let rest = seconds % units[first].length / units[first + 1].length
        return rest == 0 ? head : head + " " + self(units[first + 1].key, ["n": "\(rest)"])
    }

    // MARK: Instants

    /// An instant as the zone's calendar shows it.
    func stamp(_ moment: Moment) -> Stamp {
        let offset = offset(at: moment)
        let text = CivilTime(moment, offset: .seconds(offset)).text
        return Stamp(
            text: text,
            iso: text.replacing(" ", with: "T") + Self.sign(offset),
            exact: "\(text) UTC\(Self.sign(offset)) \(zone.identifier)"
        )
    }

    /// As `stamp`, where there may be none.
    func stamp(_ moment: Moment?) -> Stamp? {
        moment.map { stamp($0) }
    }

    /// The zone and how far it is ahead of UTC now.
    var zoneName: String { "\(zone.identifier) (UTC\(Self.sign(offset(at: now))))" }

    private func offset(at moment: Moment) -> Int {
        zone.secondsFromGMT(for: Date(timeIntervalSince1970: Double(moment.secondsSinceEpoch)))
    }

    private static func sign(_ offset: Int) -> String {
        let (hours, minutes) = (abs(offset) / 3_600, abs(offset) / 60 % 60)
        return (offset < 0 ? "-" : "+") + pad(hours) + ":" + pad(minutes)
    }

    private static func pad(_ number: Int) -> String {
        number < 10 ? "0\(number)" : "\(number)"
    }
}

/// An instant for people and for machines.
struct Stamp: Hashable, Sendable {
    /// Such as `2030-01-15 12:00:00`.
    let text: String
    /// Such as `2030-01-15T12:00:00+08:00`.
    let iso: String
    /// With the zone.
    let exact: String
}

/// A number for people who look at it, and for those who want to know.
struct Figure: Hashable, Sendable {
    let text: String
    let exact: String
}
