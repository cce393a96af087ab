import Groundwork

/// Reads the first line of a crowd file: which kind of file it is, its separator, its columns.
package enum CrowdHeader {
    /// The most columns of a crowd.
    package static let columnLimit = 256
    /// How much of the file is looked at.
    private static let headSize = 64 * 1_024

    /// Reads the header of a file.
    ///
    /// - Parameters:
    ///   - bytes: the file.
    ///   - separator: what stands between fields; nil finds out.
    ///   - recipient: the name of the recipient's column where it is none of the usual ones; nil takes those.
    ///   - addresses: how the recipients are written; nil finds out by the name of their column.
    /// - Returns: how to read the rows.
    /// - Throws: `CrowdFileError` that says why the file cannot be a crowd.
    package static func read(
        _ bytes: any CrowdBytes,
        separator: CrowdSeparator? = nil,
        recipient: String? = nil,
        addresses: AddressForm? = nil
    ) async throws(CrowdFileError) -> CrowdLayout {
        let head: [UInt8]
        do throws(StoreError) { head = try await bytes.read(headSize, at: 0) } catch {
            throw CrowdFileError(error)
        }
        let isWhole = bytes.size == Int64(head.count)
        return try parse(
            head,
            isWhole: isWhole,
            separator: separator,
            recipient: recipient,
            addresses: addresses
        )
    }

    /// Reads the header from the first bytes of a file.
    ///
    /// - Parameters:
    ///   - head: the file's beginning.
    ///   - isWhole: whether the file ends with these bytes.
    ///   - separator: what stands between fields; nil finds out.
    ///   - recipient: the name of the recipient's column; nil takes the usual ones.
    ///   - addresses: how the recipients are written; nil finds out by the name of their column.
    /// - Returns: how to read the rows.
    /// - Throws: `CrowdFileError` that says why the file cannot be a crowd.
    package static func parse(
        _ head: [UInt8],
        isWhole: Bool,
        separator: CrowdSeparator? = nil,
        recipient: String? = nil,
        addresses: AddressForm? = nil
    ) throws(CrowdFileError) -> CrowdLayout {
        if let kind = head.withUnsafeBufferPointer(CrowdFileKind.detect) { throw .unsupported(kind) }
        let start = startOfText(head)
        guard start.offset < head.count else { throw .empty }
        let candidates = separator.map { [$0] } ?? CrowdSeparator.allCases
        let names = RecipientNames(recipient, addresses)
        var best: HeaderLine?
        var fault: CrowdRowFault?
        for candidate in candidates {
            switch HeaderLine.read(head, from: start, isWhole: isWhole, separator: candidate) {
            case .success(let line):
                if line.score(names) > best?.score(names) ?? -1 { best = line }
            case .failure(let found): fault = fault ?? found
            }
        }
        guard let best else {
            if fault == .encodingInvalid { throw .unsupported(.legacyChinese) }
            throw .headerUnreadable(fault ?? .lineTooLong)
        }
        return try best.layout(names)
    }

    /// Where the text begins: after a byte order mark and blank lines.
    private static func startOfText(_ head: [UInt8]) -> CrowdCursor {
        var at = head.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
        var lineStart = at
        var line: Int64 = 1
        while at < head.count {
            switch head[at] {
            case 0x20, 0x09: at += 1
            case 0x0A, 0x0D:
                at += head[at] == 0x0D && at + 1 < head.count && head[at + 1] == 0x0A ? 2 : 1
                line += 1
                lineStart = at
            default: return CrowdCursor(offset: Int64(lineStart), row: 1, line: line)
            }
        }
        return CrowdCursor(offset: Int64(at), row: 1, line: line)
    }
}

/// The header line as one separator cuts it.
private struct HeaderLine {
    let separator: CrowdSeparator
    /// Names as they stand in the file, trimmed.
    let names: [String]
    let body: CrowdCursor

    /// Cuts the line that begins at `start`.
    static func read(
        _ head: [UInt8],
        from start: CrowdCursor,
        isWhole: Bool,
        separator: CrowdSeparator
    ) -> Result<HeaderLine, CrowdRowFault> {
        // The header itself says how many columns there are, so there is room for as many as its bytes can hold.
        let scanner = CSVScanner(separator: separator, columns: head.count + 1)
        var fields = Array(repeating: FieldSlice(start: 0, end: 0), count: head.count + 1)
        var record = CSVRecord()
        let isComplete = scan(head, from: Int(start.offset), isWhole, scanner, &fields, &record)
        if let fault = record.contentFault { return .failure(fault) }
        guard isComplete || record.fields > CrowdHeader.columnLimit else { return .failure(.lineTooLong) }
        if let fault = record.structureFault, fault != .columnCount { return .failure(fault) }
        var names = fields.prefix(record.fields).map { name(head[$0.range]) }
        while names.count > 1, names.last == "" { names.removeLast() }
        guard record.firstLineEnd == 0 else { return .failure(.fieldNewline) }
        let body = CrowdCursor(offset: Int64(record.end), row: 1, line: start.line + Int64(record.lines))
        return .success(HeaderLine(separator: separator, names: names, body: body))
    }

    private static func scan(
        _ head: [UInt8],
        from start: Int,
        _ isWhole: Bool,
        _ scanner: CSVScanner,
        _ fields: inout [FieldSlice],
        _ record: inout CSVRecord
    ) -> Bool {
        head.withUnsafeBufferPointer { bytes in
            scanner.kinds.withUnsafeBufferPointer { kinds in
                fields.withUnsafeMutableBufferPointer { fields in
                    guard let bytes = bytes.baseAddress, let kinds = kinds.baseAddress,
                        let slots = fields.baseAddress
                    else { return false }
                    let text = CSVText(bytes: bytes, kinds: kinds, stop: head.count, isFinal: isWhole)
                    return scanner.scan(text, from: start, fields: slots, record: &record)
                }
            }
        }
    }

    private static func name(_ bytes: ArraySlice<UInt8>) -> String {
        String(decoding: bytes, as: UTF8.self).replacing("\"\"", with: "\"")
    }

    /// How likely it is that the separator is the right one: a recipient's column first, then many columns.
    func score(_ wanted: RecipientNames) -> Int {
        (wanted.find(in: names) == nil ? 0 : 1_000_000) + names.count
    }

    func layout(_ wanted: RecipientNames) throws(CrowdFileError) -> CrowdLayout {
        guard names.count <= CrowdHeader.columnLimit else { throw .tooManyColumns(names.count) }
        guard let (found, form) = wanted.find(in: names) else {
            if names.contains(where: RecipientNames.isAddress) { throw .headerMissing }
            throw .recipientMissing(columns: names)
        }
        guard found.count == 1 else { throw .headerDuplicate(found.map { names[$0] }) }
        try refuseDuplicates()
        return CrowdLayout(
            separator: separator,
            columns: names,
            recipient: found[0],
            addresses: form,
            body: body
        )
    }

    private func refuseDuplicates() throws(CrowdFileError) {
        let groups = Dictionary(grouping: names.filter { !$0.isEmpty }) { $0.lowercased() }
        let repeated = names.filter { (groups[$0.lowercased()]?.count ?? 0) > 1 }
        guard repeated.isEmpty else { throw .headerDuplicate(repeated) }
    }
}

/// The names that a recipient's column may go by.
private struct RecipientNames {
    private let candidates: [(names: Set<String>, form: AddressForm)]

    /// The column of a name, or those of the usual names, in one form or in any.
    init(_ recipient: String?, _ addresses: AddressForm?) {
        let forms = addresses.map { [$0] } ?? AddressForm.allCases
        candidates =
            if let recipient {
                [([Self.folded(recipient)], addresses ?? .phone)]
            } else {
                // A name that says how its recipients are written goes before one that does not.
                forms.map { (Self.special($0), $0) } + forms.map { (Self.common, $0) }
            }
    }

    /// The columns with a fitting name, and how the recipients in them are written; nil when there are none.
    func find(in columns: [String]) -> (places: [Int], form: AddressForm)? {
        for candidate in candidates {
            let places = columns.indices.filter { candidate.names.contains(Self.folded(columns[$0])) }
            if !places.isEmpty { return (places, candidate.form) }
        }
        return nil
    }

    /// Whether a text is no name but an address: the header is missing.
    static func isAddress(_ text: String) -> Bool {
        [AddressForm.phone, .mail].contains { (try? $0.spelling(of: text)) != nil }
    }

    /// A name without case, blanks, underscores and hyphens.
    private static func folded(_ name: String) -> String {
        name.lowercased().filter { $0 != " " && $0 != "_" && $0 != "-" }
    }

    private static let common: Set<String> = [
        "userid", "receiver", "recipient", "用户id", "用户编号", "接收人", "收件人",
    ]

    private static func special(_ form: AddressForm) -> Set<String> {
        switch form {
        case .phone:
            // What says nothing of its form has always been a number beside one that does.
            common.union([
                "phone", "phonenumber", "phoneno", "mobile", "mobilephone", "mobilenumber", "cellphone",
                "tel",
                "telephone", "手机号", "手机", "手机号码", "电话", "电话号码", "联系电话",
            ])
        case .mail: ["email", "mail", "emailaddress", "mailaddress", "邮箱", "电子邮箱", "邮件地址", "邮箱地址"]
        case .id:
            [
                "openid", "did", "deviceid", "devicetoken", "token", "cid", "clientid", "registrationid",
                "wecomuserid", "dingtalkuserid", "feishuuserid", "设备号", "设备id",
            ]
        }
    }
}
