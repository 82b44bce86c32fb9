#!/bin/sh
# Debian's ffmpeg, as installed, transcodes a generated clip with as many threads as it likes; the host looks at the result.
# TIME LIMIT: 600
. tests/apps/lib.sh

quiet='-nostdin -hide_banner -v error'
mkdir "$work/data"
ffmpeg $quiet -f lavfi -i testsrc2=duration=2:size=320x240:rate=15 -f lavfi -i sine=frequency=500:duration=2 \
	-c:v ffv1 -c:a flac "$work/data/clip.mkv"
cd "$work/data" && here=$(ffmpeg $quiet -i clip.mkv -map 0 -c:v ffv1 -c:a flac -f hash - 2>&1; echo "status $?")
cd "$OLDPWD"
image ffmpeg -w /data --copy "$work/data:/data" "$(command -v ffmpeg)"

MEMORY=512M
probe() { # STREAM: codec and number of frames
	ffprobe -v error -select_streams "$1" -count_frames -show_entries stream=codec_name,nb_read_frames -of csv=p=0 "$work/out.mkv"
}
ffmpeg_() {
	same "lossless: the same bytes as here" "$here" ffmpeg $quiet -i clip.mkv -map 0 -c:v ffv1 -c:a flac -f hash -
	timeout 200 $WHITTLE run --machine "$machine" -c "$cpus" -m $MEMORY "$work/ffmpeg-$machine.img" -- $quiet -i clip.mkv \
		-c:v libx264 -preset fast -c:a aac -f matroska - > "$work/out.mkv" 2> "$work/err" < /dev/null
	is "H.264 and AAC" $? 0
	is "no messages" "$(cat "$work/err")" ""
	is "all frames are there" "$(probe v)" h264,30
	has "and all sound" "$(probe a)" '^aac,8[789]$'
	has "the picture is the clip's" "$(ffmpeg -nostdin -hide_banner -i "$work/out.mkv" -i "$work/data/clip.mkv" \
		-lavfi '[0:v][1:v]ssim' -f null - 2>&1)" 'SSIM.* All:0\.9[5-9]'
}
on_machines ffmpeg_
done_testing
