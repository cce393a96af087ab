/// Code that the scheduler keeps for a job and sends along with each run, in place of a handler's name.
///
/// xxl-job calls it GLUE. Executors refuse it unless their own configuration lets them run scripts.
package struct JobScript: Hashable, Sendable, Codable {
    /// The languages of scripts.
    ///
    /// Groovy is none of them: it would be loaded into the executor's own process.
    package enum Language: String, Hashable, Sendable, Codable, CaseIterable {
        case shell
        case python
        case python2
        case node
        case php
        case powershell

        /// The wire's word.
        package var glueType: String {
            switch self {
            case .shell: "GLUE_SHELL"
            case .python: "GLUE_PYTHON"
            case .python2: "GLUE_PYTHON2"
            case .node: "GLUE_NODEJS"
            case .php: "GLUE_PHP"
            case .powershell: "GLUE_POWERSHELL"
            }
        }

        /// Reads the wire's word; nil for `BEAN`, for Groovy, and for what nobody knows.
        package init?(glueType: String) {
            guard let language = Self.allCases.first(where: { $0.glueType == glueType }) else { return nil }
            self = language
        }
    }

    package var language: Language
    /// At most 256 KB of UTF-8.
    package var source: String
    /// Why it is as it is, for those who look at its versions; empty, or 4 to 100 characters as in xxl-job.
    package var remark: String

    package init(_ language: Language, _ source: String, remark: String = "") {
        self.language = language
        self.source = source
        self.remark = remark
    }

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case language, source, remark
    }

    /// Reads it as definition files and stores spell it; what is usual may be left out.
    ///
    /// - Throws: `DecodingError` that names a missing, wrong or unknown key.
    package init(from decoder: any Decoder) throws {
        try decoder.refuseUnknownKeys(known: CodingKeys.allCases.map(\.rawValue))
        let keys = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            try keys.decode(Language.self, forKey: .language),
            try keys.decode(String.self, forKey: .source),
            remark: try keys.decodeIfPresent(String.self, forKey: .remark) ?? ""
        )
    }

    /// Says the same of the same language and source, and something else of others.
    ///
    /// Executors keep a script under the instant of its last change and load it anew when that differs. Made from the
    /// script itself (FNV-1a, 52 bits, so that every JSON reader keeps it), it cannot be forgotten or run backwards.
    package var mark: Int64 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in "\(language.rawValue)\n\(source)".utf8 {
            hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3
        }
        return Int64((hash ^ hash >> 52) & 0xf_ffff_ffff_ffff)
    }

    /// The most bytes of a source.
    package static let longestSource = 256 << 10

    /// How long a remark is, where there is one.
    package static let remarkLength = 4...100

    /// What is wrong with it, by field.
    var faults: [FieldFault] {
        var faults: [FieldFault] = []
        if source.allSatisfy(\.isWhitespace) {
            faults.append(FieldFault("script.source", "must not be empty"))
        }
        if source.utf8.count > Self.longestSource {
            faults.append(FieldFault("script.source", "must have at most \(Self.longestSource) bytes"))
        }
        if !remark.isEmpty, !Self.remarkLength.contains(remark.count) {
            faults.append(FieldFault("script.remark", "must have 4 to 100 characters, or none"))
        }
        return faults
    }
}
