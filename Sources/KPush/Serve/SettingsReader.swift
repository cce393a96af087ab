import Configuration
import CurlDriver
import Foundation
import Groundwork
import PushEngine
import Yams

/// Reads typed settings, and says of a bad one what would be right.
struct SettingsReader {
    private let config: ConfigReader

    init(_ config: ConfigReader) {
        self.config = config
    }

    /// The value as text; nil when nobody set it.
    func string(_ key: String) -> String? {
        // A file spells numbers and times without quotes; they are text here all the same.
        let name = ConfigKey(key)
        return config.string(forKey: name) ?? config.int(forKey: name).map(String.init)
    }

    /// The value as `read` understands it.
    func value<Value>(
        _ key: String,
        _ rule: String,
        read: (String) -> Value?
    ) throws(SettingsError) -> Value? {
        guard let text = string(key) else { return nil }
        guard let value = read(text) else { throw SettingsError(key, "\(rule), not \(text)") }
        return value
    }

    /// Whether something is switched on; YAML itself reads a bare `on` as a truth.
    func flag(_ key: String) throws(SettingsError) -> Bool? {
        let words = ["on": true, "true": true, "yes": true, "off": false, "false": false, "no": false]
        return try value(key, "is on or off") { words[$0.lowercased()] }
            ?? config.bool(forKey: ConfigKey(key))
    }

    func number(_ key: String, in range: ClosedRange<Int>) throws(SettingsError) -> Int? {
        try value(key, "is from \(range.lowerBound) to \(range.upperBound)") { text in
            Int(text).flatMap { range.contains($0) ? $0 : nil }
        }
    }

    /// A time of day such as `08:00`.
    func time(_ key: String) throws(SettingsError) -> SendingWindow.TimeOfDay? {
        try value(key, "is a time of day such as 08:00") { SendingWindow.TimeOfDay($0) }
    }

    /// A web address that others are made of, without a slash at its end.
    func base(_ key: String) throws(SettingsError) -> String? {
        try value(key, "is a web address such as https://t.example.com, without a query") { text in
            let base = text.hasSuffix("/") ? String(text.dropLast()) : text
            guard let parts = URLComponents(string: base), ["http", "https"].contains(parts.scheme ?? ""),
                parts.host?.isEmpty == false, parts.query == nil, parts.fragment == nil,
                base.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
            else { return nil }
            return base
        }
    }

    /// A share such as `2 %` or `0.5`, in percent.
    func share(_ key: String) throws(SettingsError) -> Double? {
        try value(key, "is a percentage from 0 to 100, such as 2 or 0.5 %") { text in
            let digits = text.replacing("%", with: "").trimmingCharacters(in: .whitespaces)
            return Double(digits).flatMap { (0...100).contains($0) ? $0 / 100 : nil }
        }
    }

    /// A length of time such as `90s` or `72h`.
    func duration(_ key: String) throws(SettingsError) -> Duration? {
        try value(key, "is a whole number with ms, s, m, h or d, such as 90s") { DurationText.duration($0) }
    }

    /// A length of time within limits that are spelled as settings are.
    func duration(
        _ key: String,
        from least: String,
        to most: String
    ) throws(SettingsError) -> Duration? {
        let (lower, upper) = (DurationText.duration(least) ?? .zero, DurationText.duration(most) ?? .zero)
        return try value(key, "is from \(least) to \(most)") { text in
            DurationText.duration(text).flatMap { lower <= $0 && $0 <= upper ? $0 : nil }
        }
    }

    /// Numbers of lanes, such as `sms.marketing=8`.
    func lanes(_ key: String, in range: ClosedRange<Int>) throws(SettingsError) -> [Lane: Int]? {
        guard let pairs = try list(key) else { return nil }
        let known = Dictionary(uniqueKeysWithValues: Lane.all.map { ($0.name, $0) })
        var numbers: [Lane: Int] = [:]
        for pair in pairs {
            let parts = pair.split(separator: "=").map { $0.trimmingCharacters(in: .whitespaces) }
            guard parts.count == 2, let lane = known[parts[0]], let number = Int(parts[1]),
                range.contains(number)
            else {
                let rule = "is lanes with numbers from \(range.lowerBound) to \(range.upperBound)"
                throw SettingsError(key, "\(rule), such as sms.marketing=8, not \(pair)")
            }
            numbers[lane] = number
        }
        return numbers
    }

    /// Networks such as `10.8.0.0/16`.
    func networks(_ key: String) throws(SettingsError) -> [AddressNetwork]? {
        guard let texts = try list(key) else { return nil }
        var networks: [AddressNetwork] = []
        for text in texts {
            guard let network = AddressNetwork(text) else {
                throw SettingsError(key, "is networks such as 10.8.0.0/16 or fd00::/8, not \(text)")
            }
            networks.append(network)
        }
        return networks
    }

    /// A list, or one text with commas.
    func list(_ key: String) throws(SettingsError) -> [String]? {
        if let list = config.stringArray(forKey: ConfigKey(key)), list.count > 1 { return list }
        guard let text = string(key) else { return config.stringArray(forKey: ConfigKey(key)) }
        return text.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
    }
}

/// Looks for keys in a settings file that mean nothing: most are slips of the pen.
enum SettingsFile {
    static func check(_ path: String, known: Set<String>) throws {
        let text: String
        do { text = try String(contentsOfFile: path, encoding: .utf8) } catch {
            throw SettingsError("--config", "\(path) cannot be read: \(error.localizedDescription)")
        }
        let tree: Any?
        do { tree = try Yams.load(yaml: text) } catch {
            throw SettingsError("--config", "\(path) is not YAML: \(error)")
        }
        guard let tree else { return }
        guard let map = tree as? [String: Any] else {
            throw SettingsError("--config", "\(path) must hold keys and values")
        }
        for key in keys(of: map, below: "") where !known.contains(key) {
            throw SettingsError(key, "is not known; known are \(known.sorted().joined(separator: ", "))")
        }
    }

    private static func keys(of map: [String: Any], below prefix: String) -> [String] {
        map.sorted { $0.key < $1.key }
            .flatMap { key, value in
                (value as? [String: Any]).map { keys(of: $0, below: prefix + key + ".") } ?? [prefix + key]
            }
    }
}
