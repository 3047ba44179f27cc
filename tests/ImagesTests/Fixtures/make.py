# Writes the fixtures beside it with Pillow, whose results the tests hold ours against:
# python3 make.py (Pillow 9.4).
from PIL import Image

def picture(width, height):
    image = Image.new("RGB", (width, height))
    image.putdata([
        ((5 * x + 3 * y) % 256, (x * x + 2 * y) % 256, (255 - 2 * x + y * y) % 256)
        for y in range(height) for x in range(width)])
    return image

def save(name, image, **options):
    image.save(name, **options)
    with open(name.replace(".jpg", ".bytes"), "wb") as raw:
        raw.write(Image.open(name).convert("L" if image.mode == "L" else "RGB").tobytes())

photo = picture(23, 17)
save("grey.jpg", photo.convert("L"))
save("full.jpg", photo, quality=90, subsampling=0)
save("halved.jpg", photo, quality=90)
save("progressive.jpg", photo, quality=90, progressive=True)

# As the test makes them: a glyph of rings, 105 x 105, and the picture above.
rings = Image.new("L", (105, 105))
rings.putdata([
    0 if (x - 52) ** 2 // 64 + (y - 40) ** 2 // 81 in (4, 9, 16, 17) else 255
    for y in range(105) for x in range(105)])
filters = {"box": Image.BOX, "bilinear": Image.BILINEAR, "lanczos": Image.LANCZOS}
for name, kind in filters.items():
    with open(f"resized-{name}.bytes", "wb") as raw:
        raw.write(rings.resize((28, 28), kind).tobytes())
        raw.write(photo.resize((31, 9), kind).tobytes())
        raw.write(photo.resize((23, 40), kind).tobytes())
