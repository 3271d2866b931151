import SerialEMProtocol

extension SerialEMConnection {
    /// The image of a buffer, A to T, or A to H of the window with Fourier transforms; `nil` when the buffer is empty.
    ///
    /// SerialEM does not check the letter itself, and the buffers U and V exist only from 4.2 on.
    public func bufferImage(
        _ letter: Character, fromFFTWindow: Bool = false, deadline: Duration = .seconds(120)
    ) async throws(SerialEMError) -> BufferImage? {
        let context = RequestContext(address: address, name: "GetBufferImage")
        let request = BufferImageRequest(
            bufferIndex: try index(of: letter, limit: fromFFTWindow ? 8 : 20, context), fromFFTWindow: fromFFTWindow)
        return try await exchange(context, deadline: deadline, request.encoded(), .imageFromServer) {
            received throws(ProtocolError) in
            let header = try BufferImageReply.decode(received.packet)
            if header.isEmpty { return nil }
            return BufferImage(
                width: header.width, height: header.height, rowBytes: header.rowBytes, pixelType: header.pixelType,
                bytes: received.image)
        }
    }

    /// Puts an image into a buffer, which takes binning, position and pixel size from the base buffer.
    ///
    /// SerialEM does not acknowledge the image: only the reply to the next command shows that it took it.
    public func putImage(
        _ image: BufferImage, into buffer: Character, base: Character, addedBinning: Int = 1, captureFlag: Int = -1,
        deadline: Duration = .seconds(120)
    ) async throws(SerialEMError) {
        let context = RequestContext(address: address, name: "PutImageInBuffer")
        let request = PutImageRequest(
            pixelType: image.pixelType, width: image.width, height: image.height,
            bufferIndex: try index(of: buffer, limit: 20, context), baseBufferIndex: try index(of: base, limit: 20, context),
            addedBinning: addedBinning, captureFlag: captureFlag)
        guard image.bytes.count == request.byteCount, request.byteCount <= Int(Int32.max) else {
            throw .badArguments(context.name, "the image has padded rows or more than 2 GiB.")
        }
        try await exchange(context, deadline: deadline, request.encoded(), .imageToServer(image.bytes)) {
            received throws(ProtocolError) in
            _ = try BareReply.decode(received.packet)
        }
    }

    private func index(of letter: Character, limit: Int, _ context: RequestContext) throws(SerialEMError) -> Int {
        guard let index = BufferLetter.index(of: letter), index < limit else {
            throw .badArguments(context.name, "there is no buffer '\(letter)'.")
        }
        return index
    }
}
