// The meadow as it is drawn: it is night on it in every colour scheme, as fireflies want it.

export const WIDTH = 1600; // units, as the referee has them
export const HEIGHT = 1000;
const TRAIL = 16; // places behind a firefly that glow
const calm = matchMedia("(prefers-reduced-motion: reduce)"); // then no trails, no twinkling, no bursts

// Neighbouring numbers get colours that are far apart.
export const hueOf = (number) => Math.round((number * 137.508) % 360);

// Drawn once, and copied to many places: gradients are slow.
const glows = new Map();
function glow(colour) {
  if (!glows.has(colour)) {
    const made = Object.assign(document.createElement("canvas"), { width: 128, height: 128 });
    const context = made.getContext("2d");
    const gradient = context.createRadialGradient(64, 64, 0, 64, 64, 64);
    gradient.addColorStop(0, `hsl(${colour} / .85)`);
    gradient.addColorStop(0.25, `hsl(${colour} / .3)`);
    gradient.addColorStop(1, `hsl(${colour} / 0)`);
    context.fillStyle = gradient;
    context.fillRect(0, 0, 128, 128);
    glows.set(colour, made);
  }
  return glows.get(colour);
}

function drawGround() {
  const made = Object.assign(document.createElement("canvas"), { width: WIDTH, height: HEIGHT });
  const context = made.getContext("2d", { alpha: false });
  const gradient = context.createLinearGradient(0, 0, 0, HEIGHT);
  gradient.addColorStop(0, "#0b1a2b");
  gradient.addColorStop(0.6, "#0d2a30");
  gradient.addColorStop(1, "#123626");
  context.fillStyle = gradient;
  context.fillRect(0, 0, WIDTH, HEIGHT);
  context.strokeStyle = "#2f6b4a66";
  context.lineWidth = 2;
  for (let i = 0; i < 260; i += 1) { // blades of grass, always the same
    const x = (i * 733) % WIDTH;
    const y = HEIGHT - ((i * 389) % 300) * ((i % 7) / 7);
    context.moveTo(x, y);
    context.quadraticCurveTo(x, y - 14, x + (i % 13) - 6, y - 22 - (i % 17));
  }
  context.stroke();
  return made;
}

export class Meadow {
  #canvas;
  #context;
  #view = { scale: 1, x: 0, y: 0 }; // pixels of a unit, and the unit at the left upper corner
  #trails = new Map(); // by player: [[x, y], ...], newest first
  #ground = drawGround();
  #sparks = new Map(); // those drawn last, by place
  #bursts = []; // {x, y, colour, age} where sparks were collected
  #time = 0;

  constructor(canvas) {
    this.#canvas = canvas;
    this.#context = canvas.getContext("2d");
    new ResizeObserver(() => {
      canvas.width = canvas.clientWidth * devicePixelRatio;
      canvas.height = canvas.clientHeight * devicePixelRatio;
    }).observe(canvas);
  }

  pointAt({ offsetX, offsetY }) {
    const { scale, x, y } = this.#view;
    return [x + (offsetX * devicePixelRatio) / scale, y + (offsetY * devicePixelRatio) / scale];
  }

  draw(players, sparks, seconds) {
    this.#time += calm.matches ? 0 : seconds;
    this.#look(players.find(({ isMe }) => isMe) ?? { x: WIDTH / 2, y: HEIGHT / 2 });
    const context = this.#context;
    const { scale, x, y } = this.#view;
    context.setTransform(scale, 0, 0, scale, -x * scale, -y * scale);
    context.drawImage(this.#ground, 0, 0);
    context.globalCompositeOperation = "lighter"; // lights add up
    this.#drawSparks(sparks);
    this.#drawBursts(seconds);
    for (const player of players) this.#drawFirefly(player);
    context.globalCompositeOperation = "source-over";
    for (const player of players) this.#drawName(player);
    for (const number of this.#trails.keys()) if (!players.some((player) => player.number === number)) this.#trails.delete(number);
  }

  // The whole meadow fills the canvas; what is cut off, on a phone, comes into sight when the player flies there.
  #look({ x, y }) {
    const { width, height } = this.#canvas;
    const scale = Math.max(width / WIDTH, height / HEIGHT) || 1;
    const corner = (at, size, whole) => Math.min(Math.max(at - size / scale / 2, 0), whole - size / scale);
    this.#view = { scale, x: corner(x, width, WIDTH), y: corner(y, height, HEIGHT) };
  }

  #light(colour, x, y, size) {
    this.#context.drawImage(glow(colour), x - size, y - size, 2 * size, 2 * size);
  }

  #drawSparks(sparks) {
    const now = new Map(sparks.map((spark) => [`${spark[0]} ${spark[1]}`, spark]));
    for (const [place, [x, y, value]] of this.#sparks) {
      if (!now.has(place) && !calm.matches) this.#bursts.push({ x, y, value, age: 0 });
    }
    this.#sparks = now;
    for (const [x, y, value] of sparks) {
      const twinkle = 1 + 0.18 * Math.sin(this.#time * 3 + x);
      this.#light(value > 1 ? "42 100% 60%" : "185 90% 70%", x, y, (value > 1 ? 34 : 20) * twinkle);
      this.#disc(value > 1 ? "#ffe9a8" : "#dffcff", x, y, value > 1 ? 6 : 3.5);
    }
  }

  #drawBursts(seconds) {
    this.#bursts = this.#bursts.slice(-60).filter((burst) => (burst.age += seconds) < 0.5);
    for (const { x, y, value, age } of this.#bursts) {
      this.#context.globalAlpha = 1 - age / 0.5;
      for (let i = 0; i < 8; i += 1) {
        const [far, angle] = [20 + age * 160, (i / 4) * Math.PI];
        this.#light(value > 1 ? "42 100% 60%" : "185 90% 70%", x + Math.cos(angle) * far, y + Math.sin(angle) * far, 9);
      }
    }
    this.#context.globalAlpha = 1;
  }

  #drawFirefly({ number, x, y, isMe }) {
    const colour = `${hueOf(number)} 95% 64%`;
    const trail = this.#trails.get(number) ?? [];
    trail.unshift([x, y]);
    trail.length = Math.min(trail.length, TRAIL);
    this.#trails.set(number, trail);
    if (!calm.matches) {
      trail.forEach(([pastX, pastY], i) => {
        this.#context.globalAlpha = 0.5 * (1 - i / TRAIL) ** 2;
        this.#light(colour, pastX, pastY, 24 - i);
      });
      this.#context.globalAlpha = 1;
    }
    this.#light(colour, x, y, isMe ? 76 : 56);
    this.#disc("#fffbe8", x, y, isMe ? 9 : 7);
    if (!isMe) return;
    this.#context.strokeStyle = "#ffffffb0"; // where is mine?
    this.#context.lineWidth = 2;
    this.#context.beginPath();
    this.#context.arc(x, y, 20, 0, 2 * Math.PI);
    this.#context.stroke();
  }

  #disc(colour, x, y, radius) {
    this.#context.fillStyle = colour;
    this.#context.beginPath();
    this.#context.arc(x, y, radius, 0, 2 * Math.PI);
    this.#context.fill();
  }

  #drawName({ name, x, y, isMe }) {
    const context = this.#context;
    const size = Math.max(20, (13 * devicePixelRatio) / this.#view.scale); // never smaller than 13 px
    context.font = `${isMe ? 700 : 500} ${size}px system-ui, sans-serif`;
    context.textAlign = "center";
    context.lineJoin = "round";
    context.lineWidth = size / 4;
    context.strokeStyle = "#08161fc0";
    context.strokeText(name, x, y - 30);
    context.fillStyle = isMe ? "#ffffff" : "#dfe9ee";
    context.fillText(name, x, y - 30);
  }
}
