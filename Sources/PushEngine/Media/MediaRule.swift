/// What a supplier takes as media of one type.
package struct MediaRule: Hashable, Sendable {
    package let type: MediaType
    /// In bytes.
    package let sizes: ClosedRange<Int64>
    /// What the bytes may be; empty for anything.
    package let formats: [MediaFormat]
    /// How its name may end, behind the last dot, in small letters; empty for anyhow.
    package let endings: [String]

    package init(
        _ type: MediaType,
        sizes: ClosedRange<Int64>,
        formats: [MediaFormat] = [],
        endings: [String] = []
    ) {
        self.type = type
        self.sizes = sizes
        self.formats = formats
        self.endings = endings
    }

    /// Makes sure of a file before it is read.
    ///
    /// - Throws: `CatalogueFault.invalid` when the name does not end as it has to.
    package func check(name: String) throws(CatalogueFault) {
        guard (1...100).contains(name.count), !name.contains(where: { $0.isNewline || $0 == "/" }) else {
            throw .invalid(
                field: "name",
                reason: "must have 1 to 100 characters, no slash and no line break"
            )
        }
        let ending = name.split(separator: ".").dropFirst().last?.lowercased() ?? ""
        guard endings.isEmpty || endings.contains(ending) else {
            throw .invalid(field: "name", reason: "must end in one of .\(endings.joined(separator: ", ."))")
        }
    }

    /// Makes sure of a file once its bytes are known.
    ///
    /// - Throws: `CatalogueFault.invalid` when the supplier would refuse it.
    package func check(_ format: MediaFormat, byteCount: Int64) throws(CatalogueFault) {
        guard sizes.contains(byteCount) else {
            throw .invalid(
                field: "type",
                reason:
                    "takes files of \(sizes.lowerBound) to \(sizes.upperBound) bytes; this has \(byteCount)"
            )
        }
        guard formats.isEmpty || formats.contains(format) else {
            let names = formats.map(\.rawValue).joined(separator: ", ")
            throw .invalid(field: "type", reason: "takes \(names); by its bytes this is \(format.rawValue)")
        }
    }
}
